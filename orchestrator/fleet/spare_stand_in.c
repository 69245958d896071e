/* spare_stand_in: which slots need somebody in their stead, and which spares do it.
 *
 * In need is each live slot that is not ready, faulty or new; a slot with an open incident comes first. What follows for
 * the spare (unpause, probe; drain, pause) is spares.c's. Invariant: at most one spare stands in for a slot.
 */
#include "orchestrator/fleet/spare_stand_in.h"

#include "common/clock.h"
#include "common/log.h"

#include <stdio.h>

#define ADOPTION_US 200000 /* an adopted container answers its first probe sooner, or needs help */

static bool being_adopted(const struct slot *slot)
{
	const struct container *container = berth_container(&slot->berth);

	if (container == NULL || !container->adopted || container->dead ||
	    (container->backend != NULL && backend_state(container->backend) != BACKEND_STARTING) ||
	    clock_us() - slot->wanted_us >= ADOPTION_US)
		return false;
	step_by(container->all->step, slot->wanted_us + ADOPTION_US);
	return true;
}

/* A slot that is being rolled has the roll's own stand-in. */
static bool in_need(const struct spares *spares, const struct slot *slot)
{
	return slot->live && !slot_ready(slot) && !roll_stands_in_for(spares->roll, slot) && !being_adopted(slot);
}

static bool has_stand_in(const struct spares *spares, int slot)
{
	for (size_t i = 0; i < spares->count; i++)
		if (spares->items[i]->slot == slot)
			return true;
	return false;
}

/* A spare that waits, else one that is about to. */
static struct spare *free_spare(const struct spares *spares)
{
	struct spare *starting = NULL;

	for (size_t i = 0; i < spares->count; i++) {
		struct spare *spare = spares->items[i];
		const struct container *container = berth_container(&spare->berth);

		if (container == NULL || spare->slot != SLOT_NONE || container->phase < CONTAINER_STARTED ||
		    container->dead || container->in_fleet || !spare_fits(spare))
			continue;
		if (container->paused || container->runs_on)
			return spare;
		starting = spare;
	}
	return starting;
}

static void log_event(const struct spare *spare, const char *event, const char *more)
{
	const struct container *container = berth_container(&spare->berth);

	log_info("event=%s service=%s slot=%d container=%.12s name=%s incident=%s%s", event,
	         container->all->service->name, spare->slot, container->id, container->name,
	         incident_text(&container->incident), more);
}

static void begin(struct spare *spare, const struct slot *slot)
{
	spare->slot = slot->index;
	spare->told = false;
	container_join(berth_container(&spare->berth), slot_incident(slot));
	log_event(spare, "stand-in", "");
}

static void call_for(struct spares *spares, bool incidents)
{
	for (size_t i = 0; i < spares->slots->count; i++) {
		const struct slot *slot = spares->slots->items[i];
		struct spare *spare;

		if (incident_open(slot_incident(slot)) != incidents || !in_need(spares, slot) ||
		    has_stand_in(spares, slot->index))
			continue;
		spare = free_spare(spares);
		if (spare == NULL)
			return;
		begin(spare, slot);
	}
}

static void end(struct spare *spare)
{
	const struct backend *backend = berth_backend(&spare->berth);
	char requests[40];

	snprintf(requests, sizeof(requests), " requests=%llu",
	         backend != NULL ? (unsigned long long)backend_requests(backend) : 0ULL);
	log_event(spare, "stood-in", requests);
	spare->slot = SLOT_NONE;
	container_end_incident(berth_container(&spare->berth));
}

static void dismiss(struct spares *spares)
{
	for (size_t i = 0; i < spares->count; i++) {
		struct spare *spare = spares->items[i];

		if (spare->slot != SLOT_NONE && !in_need(spares, spares->slots->items[spare->slot]))
			end(spare);
	}
}

void stand_in_settle(struct spare *spare)
{
	const struct container *container = berth_container(&spare->berth);
	const struct slot *slot = spare->all->slots->items[spare->slot];
	int64_t since_us = incident_open(&container->incident) ? container->incident.t0_us : slot->wanted_us;
	char took[40];

	spare->told = true;
	snprintf(took, sizeof(took), " took_ms=%.1f", (double)(backend_since_us(container->backend) - since_us) / 1e3);
	berth_say(&spare->berth, spare->berth.reason, "");
	log_event(spare, "standing-in", took);
}

void stand_ins_assign(struct spares *spares)
{
	if (spares->count == 0)
		return;
	dismiss(spares);
	call_for(spares, true);
	call_for(spares, false);
}
