/* curves: a ring of steps for each curve.
 *
 *   a round -> the cell of the step that is open grows, is replaced, or keeps its extreme -> the step ends: it is told
 *
 * A step in which nobody looked (the machine slept) is unknown, and so is what a counter did meanwhile. Invariant: the
 * value of step n is in cell n % CELLS, for the CURVES_STEPS steps that ended last and the open one; all other cells of a
 * curve, and those of steps before it began, are unknown.
 */
#include "orchestrator/admin/curves.h"

#include "common/json.h"
#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

#define CELLS (CURVES_STEPS + 1)
#define UNKNOWN (-1)
#define US_PER_MS 1000

struct curve {
	int32_t cells[CELLS];
};

enum line { LINE_REQUESTS, LINE_COUNTED, LINE_READY, LINE_WANTED, LINES };

static const struct {
	const char *name, *help;
} lines[LINES] = {
        [LINE_REQUESTS] = {"requests", "Replies, by any container or by the orchestrator itself."},
        [LINE_COUNTED] = {"counted", "Requests in the scaling window, at the step's end."},
        [LINE_READY] = {"ready", "Containers that were ready; the fewest of the step."},
        [LINE_WANTED] = {"wanted", "Containers wanted, at the step's end."},
};

struct curves_slot {
	struct curve *probe; /* NULL: not known at any time */
	uint64_t known;      /* the last step in which it was */
};

struct curves_service {
	const struct curves *curves;
	char *name;
	bool read;   /* in this round */
	bool counts; /* requests_before is what the counter was in the round before */
	uint64_t requests_before;
	struct curve lines[LINES];
	struct curves_slot *slots;
	size_t slot_count;
};

struct curves {
	bool begun;
	int64_t start_us;
	uint64_t step; /* the open one */
	uint64_t told; /* the open one at the last round's end */
	struct curves_service **services;
	size_t count, next; /* next: where the next one is that is read, most likely */
};

/* --- one curve ------------------------------------------------------------------------------------------------- */

static void curve_clear(struct curve *curve)
{
	for (size_t i = 0; i < CELLS; i++)
		curve->cells[i] = UNKNOWN;
}

static void curve_open(struct curve *curve, uint64_t step)
{
	curve->cells[step % CELLS] = UNKNOWN;
}

static int32_t *curve_cell(struct curve *curve, uint64_t step)
{
	return &curve->cells[step % CELLS];
}

static int32_t clamped(uint64_t value)
{
	return value > INT32_MAX ? INT32_MAX : (int32_t)value;
}

static void curve_write(struct json_writer *w, const char *name, const struct curve *curve, uint64_t from, uint64_t to)
{
	json_key(w, name);
	json_begin_array(w);
	for (uint64_t step = from; step < to; step++) {
		int32_t value = curve->cells[step % CELLS];
		if (value == UNKNOWN)
			json_null(w);
		else
			json_number(w, value);
	}
	json_end_array(w);
}

/* --- services -------------------------------------------------------------------------------------------------- */

static struct curves_service *service_new(const struct curves *curves, const char *name)
{
	struct curves_service *service = mem_zero(sizeof(*service));

	service->curves = curves;
	service->name = mem_dup(name);
	for (size_t i = 0; i < LINES; i++)
		curve_clear(&service->lines[i]);
	return service;
}

static void service_free(struct curves_service *service)
{
	for (size_t i = 0; i < service->slot_count; i++)
		free(service->slots[i].probe);
	free(service->slots);
	free(service->name);
	free(service);
}

static struct curves_service *find(struct curves *curves, const char *name)
{
	for (size_t i = 0; i < curves->count; i++) {
		size_t at = (curves->next + i) % curves->count;
		if (strcmp(curves->services[at]->name, name) != 0)
			continue;
		curves->next = at + 1;
		return curves->services[at];
	}
	return NULL;
}

static struct curves_service *add(struct curves *curves, const char *name)
{
	curves->services = mem_array(curves->services, curves->count + 1, sizeof(struct curves_service *));
	curves->services[curves->count] = service_new(curves, name);
	return curves->services[curves->count++];
}

/* --- a round --------------------------------------------------------------------------------------------------- */

static void open_step(struct curves_service *service, uint64_t step)
{
	for (size_t i = 0; i < LINES; i++)
		curve_open(&service->lines[i], step);
	for (size_t i = 0; i < service->slot_count; i++)
		if (service->slots[i].probe != NULL)
			curve_open(service->slots[i].probe, step);
}

void curves_begin(struct curves *curves, int64_t now_us)
{
	if (!curves->begun)
		curves->start_us = now_us;
	curves->begun = true;
	uint64_t step = (uint64_t)(now_us - curves->start_us) / CURVES_STEP_US, before = curves->step;
	curves->step = step;
	curves->next = 0;
	for (size_t i = 0; i < curves->count; i++) {
		struct curves_service *service = curves->services[i];
		service->read = false;
		service->counts = service->counts && step - before <= 1;
		for (uint64_t n = step - before > CELLS ? step - CELLS : before; n < step; n++)
			open_step(service, n + 1);
	}
}

static void note_requests(struct curves_service *service, uint64_t requests, uint64_t step)
{
	int32_t *cell = curve_cell(&service->lines[LINE_REQUESTS], step);

	if (service->counts && requests >= service->requests_before)
		*cell = clamped((uint64_t)(*cell == UNKNOWN ? 0 : *cell) + (requests - service->requests_before));
	service->requests_before = requests;
	service->counts = true;
}

struct curves_service *curves_service(struct curves *curves, const struct curves_reading *reading)
{
	struct curves_service *service = find(curves, reading->service);
	uint64_t step = curves->step;

	if (service == NULL)
		service = add(curves, reading->service);
	int32_t *ready = curve_cell(&service->lines[LINE_READY], step);
	service->read = true;
	note_requests(service, reading->requests, step);
	*curve_cell(&service->lines[LINE_COUNTED], step) = clamped(reading->counted);
	*curve_cell(&service->lines[LINE_WANTED], step) = reading->wanted;
	if (*ready == UNKNOWN || reading->ready < *ready)
		*ready = reading->ready;
	return service;
}

static struct curves_slot *slot_at(struct curves_service *service, size_t slot)
{
	if (slot >= service->slot_count) {
		service->slots = mem_array(service->slots, slot + 1, sizeof(*service->slots));
		memset(service->slots + service->slot_count, 0,
		       (slot + 1 - service->slot_count) * sizeof(*service->slots));
		service->slot_count = slot + 1;
	}
	return &service->slots[slot];
}

void curves_probe(struct curves_service *service, size_t slot, int64_t probe_us)
{
	struct curves_slot *known = slot_at(service, slot);

	if (known->probe == NULL) {
		known->probe = mem_alloc(sizeof(*known->probe));
		curve_clear(known->probe);
	}
	known->known = service->curves->step;
	int32_t *cell = curve_cell(known->probe, known->known), value = clamped((uint64_t)probe_us);
	if (value > *cell)
		*cell = value;
}

static void forget_slots(struct curves_service *service, uint64_t step)
{
	for (size_t i = 0; i < service->slot_count; i++) {
		struct curves_slot *slot = &service->slots[i];
		if (slot->probe == NULL || step - slot->known <= CURVES_STEPS)
			continue;
		free(slot->probe);
		slot->probe = NULL;
	}
}

bool curves_end(struct curves *curves)
{
	bool ended = curves->step != curves->told;
	size_t kept = 0;

	for (size_t i = 0; i < curves->count; i++) {
		struct curves_service *service = curves->services[i];
		if (!service->read) {
			service_free(service);
			continue;
		}
		forget_slots(service, curves->step);
		curves->services[kept++] = service;
	}
	curves->count = kept;
	curves->told = curves->step;
	return ended;
}

/* --- reading --------------------------------------------------------------------------------------------------- */

uint64_t curves_ended(const struct curves *curves)
{
	return curves->step;
}

static void write_service(struct json_writer *w, const struct curves_service *service, uint64_t from, uint64_t to)
{
	json_begin_object(w);
	json_member_text(w, "name", service->name);
	for (size_t i = 0; i < LINES; i++)
		curve_write(w, lines[i].name, &service->lines[i], from, to);
	json_key(w, "slots");
	json_begin_array(w);
	for (size_t i = 0; i < service->slot_count; i++) {
		if (service->slots[i].probe == NULL)
			continue;
		json_begin_object(w);
		json_member_number(w, "slot", (int64_t)i);
		curve_write(w, "probe_us", service->slots[i].probe, from, to);
		json_end_object(w);
	}
	json_end_array(w);
	json_end_object(w);
}

void curves_write(struct json_writer *w, const struct curves *curves, uint64_t after, int64_t now_us)
{
	uint64_t to = curves->step, oldest = to > CURVES_STEPS ? to - CURVES_STEPS : 0;
	int64_t ended_us = curves->start_us + (int64_t)to * CURVES_STEP_US;

	json_member_number(w, "step_ms", CURVES_STEP_US / US_PER_MS);
	json_member_number(w, "steps", (int64_t)to);
	json_member_number(w, "ended_ms_ago", curves->begun ? (now_us - ended_us) / US_PER_MS : 0);
	json_key(w, "services");
	json_begin_array(w);
	for (size_t i = 0; i < curves->count; i++)
		write_service(w, curves->services[i], after > oldest ? after : oldest, to);
	json_end_array(w);
}

void curves_document(FILE *to)
{
	fputs("| Of `services[]` | Meaning |\n|---|---|\n| `name` | The service. |\n", to);
	for (size_t i = 0; i < LINES; i++)
		fprintf(to, "| `%s` | %s |\n", lines[i].name, lines[i].help);
	fputs("| `slots[]` | `slot`, and `probe_us`: how long its last good probe took, in microseconds; the longest of the "
	      "step. |\n",
	      to);
}

struct curves *curves_new(void)
{
	return mem_zero(sizeof(struct curves));
}

void curves_free(struct curves *curves)
{
	if (curves == NULL)
		return;
	for (size_t i = 0; i < curves->count; i++)
		service_free(curves->services[i]);
	free(curves->services);
	free(curves);
}
