/* supervisor_roll: one slot after the other to the newest revision.
 *
 *   IDLE --a slot is stale--> STAND_IN --it is ready--> SLOTS: drain a stale slot, let it refill, next --none left--> IDLE
 *
 * The stand-in NAME_roll is made from the new revision on the spare port: it shows that the new revision works before
 * anything old is touched, and it carries the traffic while a slot has its one port free for neither the old nor the
 * new. If it or a slot's new container fails, the roll goes back: the previous revision becomes the newest, so the
 * slots that were rolled already are stale and are rolled back in the same way. Invariant: a stale slot is drained
 * only while the stand-in is READY.
 */
#include "orchestrator/fleet/supervisor_private.h"

#include "common/log.h"

#include <stdio.h>

static struct slot *stale_slot(struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->slot_count; i++) {
		struct slot *slot = supervisor->slots[i];

		if (slot->live && slot->current != NULL && container_stale(slot->current))
			return slot;
	}
	return NULL;
}

bool roll_settled(struct supervisor *supervisor)
{
	return supervisor->roll.state == ROLL_IDLE && stale_slot(supervisor) == NULL;
}

void roll_cancel(struct supervisor *supervisor, enum leave_how how)
{
	struct roll *roll = &supervisor->roll;

	if (roll->extra != NULL)
		container_leave(roll->extra, REASON_ROLL, how);
	roll->extra = NULL;
	roll->state = ROLL_IDLE;
	roll->slot = SLOT_EXTRA;
	supervisor_soon(supervisor);
}

void roll_container_lost(struct supervisor *supervisor, struct container *container)
{
	if (supervisor->roll.extra == container)
		supervisor->roll.extra = NULL;
}

static void roll_fail(struct supervisor *supervisor, const char *what)
{
	struct revision *failed = supervisor->revision;

	log_error("event=roll-failed service=%s slot=%d reason=%s error=%s", supervisor->service->name,
	          supervisor->roll.slot, reason_text(REASON_ROLL), log_quote(what));
	roll_cancel(supervisor, LEAVE_AFTER_DRAIN);
	if (supervisor->previous == NULL) {
		supervisor->roll.blocked = failed->number;
		log_error(
		        "event=roll-stopped service=%s error=\"nothing known to go back to: containers that still run "
		        "stay as they are until the next reload or roll\"",
		        supervisor->service->name);
		return;
	}
	log_warn("event=roll-back service=%s spec=%s to=%s", supervisor->service->name, failed->hash,
	         supervisor->previous->hash);
	supervisor->revision = supervisor->previous;
	supervisor->previous = NULL;
	revision_free(failed);
}

static void roll_begin(struct supervisor *supervisor)
{
	struct roll *roll = &supervisor->roll;
	char name[ENGINE_NAME_SIZE];

	snprintf(name, sizeof(name), "%s_roll", supervisor->service->name);
	if (roll->blocked == supervisor->revision->number || !supervisor->prepared || stale_slot(supervisor) == NULL ||
	    name_in_use(supervisor, name))
		return;
	log_info("event=roll-begin service=%s spec=%s", supervisor->service->name, supervisor->revision->hash);
	roll->state = ROLL_STAND_IN;
	roll->rolled = 0;
	roll->extra = container_new(supervisor, CONTAINER_EXTRA, SLOT_EXTRA);
	container_create(roll->extra, name, supervisor->revision->spare_port);
}

static void roll_stand_in(struct supervisor *supervisor)
{
	struct container *extra = supervisor->roll.extra;

	if (extra == NULL) {
		roll_fail(supervisor, "the new container could not be made or started");
		return;
	}
	if (extra->busy)
		return;
	if (extra->dead || (extra->backend != NULL && backend_state(extra->backend) == BACKEND_DOWN)) {
		container_leave(extra, REASON_ROLL, LEAVE_AT_ONCE);
		roll_fail(supervisor, "the new container did not become ready");
	} else if (extra->phase == CONTAINER_CREATED) {
		container_start(extra);
	} else if (extra->phase == CONTAINER_STARTED) {
		container_locate(extra);
	} else if (extra->backend != NULL && backend_state(extra->backend) == BACKEND_READY) {
		supervisor->roll.state = ROLL_SLOTS;
		supervisor->again = true;
	}
}

static void roll_done(struct supervisor *supervisor)
{
	log_info("event=rolled service=%s slots=%u spec=%s", supervisor->service->name, supervisor->roll.rolled,
	         supervisor->revision->hash);
	roll_cancel(supervisor, LEAVE_AFTER_DRAIN);
	revision_free(supervisor->previous);
	supervisor->previous = NULL;
}

static void roll_next_slot(struct supervisor *supervisor)
{
	struct slot *slot = stale_slot(supervisor);

	if (slot == NULL) {
		roll_done(supervisor);
		return;
	}
	supervisor->roll.slot = slot->index;
	supervisor->roll.faults = slot->faults;
	slot->failure_level = 0;
	slot_vacate(supervisor, slot, REASON_ROLL);
}

static void roll_slots(struct supervisor *supervisor)
{
	struct roll *roll = &supervisor->roll;
	struct slot *slot;

	if (roll->extra == NULL || roll->extra->backend == NULL ||
	    backend_state(roll->extra->backend) == BACKEND_DOWN || roll->extra->dead) {
		log_warn("event=roll-again service=%s error=\"the stand-in was lost\"", supervisor->service->name);
		roll_cancel(supervisor, LEAVE_AT_ONCE);
		return;
	}
	if (roll->slot == SLOT_EXTRA) {
		if (backend_state(roll->extra->backend) == BACKEND_READY)
			roll_next_slot(supervisor);
		return;
	}
	slot = supervisor_slot_of(supervisor, roll->slot);
	if (slot->live && (slot->faults != roll->faults || slot->failure_level > 0)) {
		roll_fail(supervisor, slot->message[0] != '\0' ? slot->message : "the slot's new container failed");
	} else if (!slot->live || (slot_ready(slot) && !container_stale(slot->current))) {
		roll->rolled += slot->live;
		roll->slot = SLOT_EXTRA;
		supervisor->again = true;
	}
}

void roll_step(struct supervisor *supervisor)
{
	if (!supervisor->engine_up)
		return;
	switch (supervisor->roll.state) {
	case ROLL_IDLE:
		roll_begin(supervisor);
		break;
	case ROLL_STAND_IN:
		roll_stand_in(supervisor);
		break;
	case ROLL_SLOTS:
		roll_slots(supervisor);
		break;
	}
}

bool supervisor_roll(struct supervisor *supervisor, struct err *err)
{
	if (supervisor->stopping || !supervisor->started)
		return err_set(err, "the service is not running");
	if (supervisor->roll.state != ROLL_IDLE)
		return err_set(err, "a roll is under way already");
	/* The same text may name another image now, so there is nothing to go back to. */
	revision_free(supervisor->previous);
	supervisor->previous = NULL;
	supervisor->revision->number = ++supervisor->last_revision;
	supervisor_soon(supervisor);
	return true;
}

void roll_to(struct supervisor *supervisor, struct revision *revision)
{
	revision_free(supervisor->previous);
	supervisor->previous = supervisor->revision;
	supervisor->revision = revision;
	supervisor->roll.blocked = 0;
	if (supervisor->roll.state != ROLL_IDLE)
		roll_cancel(supervisor, LEAVE_AFTER_DRAIN);
	supervisor_soon(supervisor);
}
