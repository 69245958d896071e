/* supervisor_stand_in: which slots need somebody in their stead, and which spares do it.
 *
 * In need is each live slot that is not ready, faulty or new; a slot with an open incident comes first. What follows for
 * the spare (unpause, probe; drain, pause) is supervisor_spare's. Invariant: at most one spare stands in for a slot.
 */
#include "orchestrator/fleet/supervisor_private.h"

#include "common/clock.h"
#include "common/log.h"

#define ADOPTION_US 200000 /* an adopted container answers its first probe sooner, or needs help */

static bool being_adopted(struct supervisor *supervisor, const struct slot *slot)
{
	const struct container *container = slot_current(slot);

	if (container == NULL || !container->adopted || container->dead ||
	    (container->backend != NULL && backend_state(container->backend) != BACKEND_STARTING) ||
	    clock_us() - slot->wanted_us >= ADOPTION_US)
		return false;
	supervisor_wake(supervisor, slot->wanted_us + ADOPTION_US);
	return true;
}

/* A slot that is being rolled has the roll's own stand-in. */
static bool slot_in_need(struct supervisor *supervisor, const struct slot *slot)
{
	const struct roll *roll = &supervisor->roll;

	return slot->live && !slot_ready(slot) && !(roll->state == ROLL_SLOTS && roll->slot == slot->index) &&
	       !being_adopted(supervisor, slot);
}

static bool has_stand_in(const struct supervisor *supervisor, int slot)
{
	for (size_t i = 0; i < supervisor->spare_count; i++)
		if (supervisor->spares[i]->slot == slot)
			return true;
	return false;
}

/* One that waits, else one that is about to. */
static struct spare *free_spare(const struct supervisor *supervisor)
{
	struct spare *warm = NULL;

	for (size_t i = 0; i < supervisor->spare_count; i++) {
		struct spare *spare = supervisor->spares[i];
		const struct container *container = spare_container(spare);

		if (container == NULL || spare->slot != SLOT_EXTRA || container->phase < CONTAINER_STARTED ||
		    container->dead || container->in_fleet || !spare_fits(supervisor, spare))
			continue;
		if (container->paused || container->runs_on)
			return spare;
		warm = spare;
	}
	return warm;
}

/* Of one that is only suspect, it is not the slot's yet. */
static const struct incident *slot_incident(const struct slot *slot)
{
	return slot_current(slot) != NULL ? container_incident(slot_current(slot)) : &slot->incident;
}

static void stand_in_begin(struct spare *spare, const struct slot *slot)
{
	struct container *container = spare_container(spare);

	spare->slot = slot->index;
	spare->told = false;
	container->incident = *slot_incident(slot);
	log_info("event=stand-in service=%s slot=%d container=%.12s name=%s incident=%s",
	         container->supervisor->service->name, slot->index, container->id, container->name,
	         incident_text(&container->incident));
}

static void stand_ins_call(struct supervisor *supervisor, bool incidents)
{
	for (size_t i = 0; i < supervisor->slot_count; i++) {
		const struct slot *slot = supervisor->slots[i];
		struct spare *spare;

		if (incident_open(slot_incident(slot)) != incidents || !slot_in_need(supervisor, slot) ||
		    has_stand_in(supervisor, slot->index))
			continue;
		spare = free_spare(supervisor);
		if (spare == NULL)
			return;
		stand_in_begin(spare, slot);
	}
}

static void stand_in_end(struct spare *spare)
{
	struct container *container = spare_container(spare);

	log_info("event=stood-in service=%s slot=%d container=%.12s name=%s incident=%s requests=%llu",
	         container->supervisor->service->name, spare->slot, container->id, container->name,
	         incident_text(&container->incident),
	         container->backend != NULL ? (unsigned long long)backend_requests(container->backend) : 0ULL);
	spare->slot = SLOT_EXTRA;
	incident_end(&container->incident);
}

static void stand_ins_dismiss(struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->spare_count; i++) {
		struct spare *spare = supervisor->spares[i];

		if (spare->slot != SLOT_EXTRA && !slot_in_need(supervisor, supervisor->slots[spare->slot]))
			stand_in_end(spare);
	}
}

void stand_in_settle(struct spare *spare)
{
	struct container *container = spare_container(spare);
	const struct slot *slot = container->supervisor->slots[spare->slot];
	int64_t since_us = incident_open(&container->incident) ? container->incident.t0_us : slot->wanted_us;

	spare->told = true;
	spare->message[0] = '\0';
	log_info("event=standing-in service=%s slot=%d container=%.12s name=%s incident=%s took_ms=%.1f",
	         container->supervisor->service->name, spare->slot, container->id, container->name,
	         incident_text(&container->incident), (double)(backend_since_us(container->backend) - since_us) / 1e3);
}

void stand_ins_assign(struct supervisor *supervisor)
{
	if (supervisor->spare_count == 0)
		return;
	stand_ins_dismiss(supervisor);
	stand_ins_call(supervisor, true);
	stand_ins_call(supervisor, false);
}
