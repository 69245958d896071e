/* backend: one container that serves; its state and the single door to it.
 *
 * backend_set_state looks the transition up in a table, changes the state, writes the line and queues a note for the
 * group's observer. Notes are told one after the other, so that an observer which causes the next change is never entered
 * twice. Invariants: DOWN is never left; a state is changed nowhere else; in_flight falls to 0 before the last
 * reference goes.
 */
#include "orchestrator/fleet/backend.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* A change that the observer has yet to be told. */
struct note {
	struct note *next;
	struct backend *backend; /* a reference */
	enum backend_state from;
	enum reason reason;
};

struct backend_group {
	struct fleet *fleet;
	char *service;
	uint64_t last_serial;
	struct incident_names names;
	backend_observer *observer; /* NULL: nobody */
	void *arg;
	struct note *first, **end;
	bool telling;
};

struct backend {
	unsigned refs;
	struct backend_group *group;
	int slot;
	uint64_t serial;
	char container_id[ENGINE_ID_SIZE];
	char identity[ENGINE_IDENTITY_SIZE];
	struct address address;
	char address_text[ADDRESS_TEXT_SIZE];
	enum backend_state state;
	enum reason reason;
	int64_t since_us;
	unsigned in_flight;
	uint64_t requests;
	int64_t probe_us; /* the last good one */
	int64_t last_probe_us;
	struct pulse pulse;
	char finding[BACKEND_FINDING_SIZE];
	bool unreachable;
	int64_t well_us;
	struct incident incident;
	struct upstream_pool *pool;
	struct watch *watch;
};

static const char *const state_texts[BACKEND_STATES] = {
        [BACKEND_STARTING] = "starting", [BACKEND_READY] = "ready", [BACKEND_SUSPECT] = "suspect",
        [BACKEND_DRAINING] = "draining", [BACKEND_DOWN] = "down",
};

#define TO(state) (1U << BACKEND_##state)

/* state -> the states it may become */
static const unsigned allowed[BACKEND_STATES] = {
        [BACKEND_STARTING] = TO(READY) | TO(DOWN),
        [BACKEND_READY] = TO(SUSPECT) | TO(DRAINING) | TO(DOWN),
        [BACKEND_SUSPECT] = TO(READY) | TO(DRAINING) | TO(DOWN),
        [BACKEND_DRAINING] = TO(DOWN),
        [BACKEND_DOWN] = 0,
};

const char *backend_state_text(enum backend_state state)
{
	assert((unsigned)state < BACKEND_STATES);
	return state_texts[state];
}

/* --- what a service's backends share --------------------------------------------------------------------------- */

struct backend_group *backend_group_new(struct fleet *fleet, const char *service, backend_observer *observer, void *arg)
{
	struct backend_group *group = mem_zero(sizeof(*group));

	group->fleet = fleet;
	group->service = mem_dup(service);
	group->observer = observer;
	group->arg = arg;
	group->end = &group->first;
	return group;
}

void backend_group_rename(struct backend_group *group, const char *service)
{
	free(group->service);
	group->service = mem_dup(service);
}

void backend_group_free(struct backend_group *group)
{
	if (group == NULL)
		return;
	assert(!group->telling && group->first == NULL);
	free(group->service);
	free(group);
}

const char *backend_group_service(const struct backend_group *group)
{
	return group->service;
}

struct incident_names *backend_group_names(struct backend_group *group)
{
	return &group->names;
}

static void note_add(struct backend *backend, enum backend_state from, enum reason reason)
{
	struct backend_group *group = backend->group;
	struct note *note = mem_zero(sizeof(*note));

	note->backend = backend_ref(backend);
	note->from = from;
	note->reason = reason;
	*group->end = note;
	group->end = &note->next;
}

static struct note *note_take(struct backend_group *group)
{
	struct note *note = group->first;

	if (note != NULL) {
		group->first = note->next;
		if (group->first == NULL)
			group->end = &group->first;
	}
	return note;
}

static void group_tell(struct backend_group *group)
{
	struct note *note;

	if (group->telling)
		return;
	group->telling = true;
	while ((note = note_take(group)) != NULL) {
		if (group->observer != NULL)
			group->observer(note->backend, note->from, note->reason, group->arg);
		if (note->backend->state == BACKEND_READY)
			incident_end(&note->backend->incident);
		backend_unref(note->backend);
		free(note);
	}
	group->telling = false;
}

/* --- one of them ----------------------------------------------------------------------------------------------- */

struct backend *backend_new(struct backend_group *group, int slot, const char *container_id,
                            const struct address *address)
{
	struct backend *backend = mem_zero(sizeof(*backend));

	backend->refs = 1;
	backend->group = group;
	backend->slot = slot;
	backend->serial = ++group->last_serial;
	snprintf(backend->container_id, sizeof(backend->container_id), "%s", container_id);
	backend->address = *address;
	address_format(address, backend->address_text);
	backend->state = BACKEND_STARTING;
	backend->reason = REASON_CREATED;
	backend->since_us = clock_us();
	backend->probe_us = -1;
	return backend;
}

struct backend *backend_ref(struct backend *backend)
{
	assert(backend->refs > 0);
	backend->refs++;
	return backend;
}

void backend_unref(struct backend *backend)
{
	assert(backend->refs > 0);
	if (--backend->refs > 0)
		return;
	assert(backend->in_flight == 0);
	free(backend);
}

/* One line for each change: what was, what is, why, how long the probe took that found it, and what it saw. */
static void state_log(const struct backend *backend, enum backend_state from)
{
	enum reason_source source = reason_source(backend->reason);
	bool worse = backend->state == BACKEND_SUSPECT || backend->state == BACKEND_DOWN;
	bool bad = worse && source != REASON_BY_US;
	bool told = bad && backend->finding[0] != '\0';
	char took[40] = "";

	if (source == REASON_BY_PROBE)
		snprintf(took, sizeof(took), " took_us=%lld", (long long)backend->last_probe_us);
	log_line(bad ? LOG_WARN : LOG_INFO,
	         "event=backend service=%s slot=%d container=%.12s from=%s to=%s reason=%s%s incident=%s%s%s",
	         backend->group->service, backend->slot, backend->container_id, state_texts[from],
	         state_texts[backend->state], reason_text(backend->reason), took, incident_text(&backend->incident),
	         told ? " error=" : "", told ? log_quote(backend->finding) : "");
}

void backend_set_state(struct backend *backend, enum backend_state to, enum reason reason)
{
	enum backend_state from = backend->state;

	if (from == to) {
		backend->reason = reason;
		return;
	}
	assert((allowed[from] & (1U << to)) != 0);
	backend->state = to;
	backend->reason = reason;
	backend->since_us = clock_us();
	state_log(backend, from);
	note_add(backend, from, reason);
	group_tell(backend->group);
}

enum backend_state backend_state(const struct backend *backend)
{
	return backend->state;
}

enum reason backend_reason(const struct backend *backend)
{
	return backend->reason;
}

int64_t backend_since_us(const struct backend *backend)
{
	return backend->since_us;
}

struct fleet *backend_fleet(const struct backend *backend)
{
	return backend->group->fleet;
}

const char *backend_service(const struct backend *backend)
{
	return backend->group->service;
}

int backend_slot(const struct backend *backend)
{
	return backend->slot;
}

uint64_t backend_serial(const struct backend *backend)
{
	return backend->serial;
}

const char *backend_container_id(const struct backend *backend)
{
	return backend->container_id;
}

const char *backend_identity(const struct backend *backend)
{
	return backend->identity;
}

void backend_set_identity(struct backend *backend, const char *identity)
{
	snprintf(backend->identity, sizeof(backend->identity), "%s", identity);
}

const struct address *backend_address(const struct backend *backend)
{
	return &backend->address;
}

const char *backend_address_text(const struct backend *backend)
{
	return backend->address_text;
}

unsigned backend_in_flight(const struct backend *backend)
{
	return backend->in_flight;
}

void backend_flight_begin(struct backend *backend)
{
	backend->in_flight++;
	backend->requests++;
}

void backend_flight_end(struct backend *backend)
{
	assert(backend->in_flight > 0);
	backend->in_flight--;
}

uint64_t backend_requests(const struct backend *backend)
{
	return backend->requests;
}

int64_t backend_probe_us(const struct backend *backend)
{
	return backend->probe_us;
}

struct pulse *backend_pulse(struct backend *backend)
{
	return &backend->pulse;
}

void backend_note_probe(struct backend *backend, int64_t took_us, bool good)
{
	backend->last_probe_us = took_us;
	if (!good)
		return;
	backend->probe_us = took_us;
	backend->well_us = clock_us();
}

int64_t backend_well_us(const struct backend *backend)
{
	return backend->well_us;
}

const char *backend_finding(const struct backend *backend)
{
	return backend->finding;
}

bool backend_unreachable(const struct backend *backend)
{
	return backend->unreachable;
}

void backend_set_unreachable(struct backend *backend, bool unreachable)
{
	backend->unreachable = unreachable;
}

void backend_set_finding(struct backend *backend, const char *finding)
{
	snprintf(backend->finding, sizeof(backend->finding), "%s", finding);
}

const struct incident *backend_incident(const struct backend *backend)
{
	return &backend->incident;
}

void backend_open_incident(struct backend *backend)
{
	if (!incident_open(&backend->incident))
		incident_begin(&backend->incident, &backend->group->names);
}

void backend_join_incident(struct backend *backend, const struct incident *incident)
{
	backend->incident = *incident;
}

struct upstream_pool *backend_pool(const struct backend *backend)
{
	return backend->pool;
}

void backend_set_pool(struct backend *backend, struct upstream_pool *pool)
{
	backend->pool = pool;
}

struct watch *backend_watch(const struct backend *backend)
{
	return backend->watch;
}

void backend_set_watch(struct backend *backend, struct watch *watch)
{
	backend->watch = watch;
}
