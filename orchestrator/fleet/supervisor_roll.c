/* supervisor_roll: one slot after the other to the newest revision.
 *
 *   IDLE --a slot is stale--> STAND_IN --it is ready--> SLOTS: drain a stale slot, let it refill, next --none left--> IDLE
 *
 * The stand-in NAME_roll is made from the new revision on the spare port: it shows that the new revision works before
 * anything old is touched, and it carries the traffic while a slot has its one port free for neither the old nor the
 * new. If it or a slot's new container fails, the roll goes back: the previous revision becomes the newest, so the
 * slots that were rolled already are stale and are rolled back in the same way, with the same stand-in if it serves.
 * Invariant: a stale slot is drained only while the stand-in is READY, and that leaves only when the slots serve.
 *
 * The same stand-in serves where nothing is stale, but no slot can serve because others hold their ports: another service's
 * container that drains, say. It leaves when all slots serve.
 *
 * Until the stand-in is ready the new revision is unproven: a slot's container that fails meanwhile is replaced by one of
 * the revision before, which is what was created ahead.
 */
#include "orchestrator/fleet/supervisor_private.h"

#include "common/clock.h"
#include "common/log.h"

#include <stdio.h>

static bool slot_stale(const struct slot *slot)
{
	return slot->live && slot_current(slot) != NULL && container_stale(slot_current(slot));
}

/* One whose new port no other slot has, if there is one: where ports move, their order matters. */
static struct slot *stale_slot(struct supervisor *supervisor)
{
	struct slot *stale = NULL;

	for (size_t i = supervisor->slot_count; i-- > 0;) {
		struct slot *slot = supervisor->slots[i];

		if (!slot_stale(slot))
			continue;
		if (stale == NULL ||
		    port_holder(supervisor, revision_port(supervisor->revision, slot->index), slot->index) == NULL)
			stale = slot;
	}
	return stale;
}

static bool slot_blocked(const struct slot *slot)
{
	const struct container *container = slot_current(slot);

	if (!slot->live || container == NULL || container->phase != CONTAINER_CREATED || container->busy)
		return false;
	return slot->reason == REASON_PORT_TAKEN || container_port_leaves(container);
}

/* Nobody serves, and who could may not have his port. */
static bool is_blocked(const struct supervisor *supervisor)
{
	if (fleet_count_state(supervisor->fleet, BACKEND_READY) > 0)
		return false;
	for (size_t i = 0; i < supervisor->slot_count; i++)
		if (slot_blocked(supervisor->slots[i]))
			return true;
	return false;
}

static bool all_ready(const struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->slot_count; i++)
		if (supervisor->slots[i]->live && !slot_ready(supervisor->slots[i]))
			return false;
	return true;
}

bool roll_settled(struct supervisor *supervisor)
{
	return supervisor->roll.state == ROLL_IDLE && stale_slot(supervisor) == NULL;
}

void roll_cancel(struct supervisor *supervisor, enum leave_how how)
{
	struct roll *roll = &supervisor->roll;

	if (roll_extra(supervisor) != NULL)
		container_leave(roll_extra(supervisor), REASON_ROLL, how);
	roll->extra = NULL;
	roll->supplanted = false;
	roll->state = ROLL_IDLE;
	roll->slot = SLOT_EXTRA;
	supervisor_soon(supervisor);
}

struct container *roll_extra(const struct supervisor *supervisor)
{
	struct container *extra = supervisor->roll.extra;

	return extra != NULL && extra->use != CONTAINER_LEAVING ? extra : NULL;
}

static void roll_refused_extra(struct supervisor *supervisor, const struct failure *failure)
{
	struct roll *roll = &supervisor->roll;

	if (roll->extra->phase == CONTAINER_CREATED && container_goes_without_port(roll->extra, failure))
		return;
	roll->doubt = failure->reason == REASON_ENGINE_DOWN;
	message_write(roll->message, "%s", failure->message);
	container_log(LOG_ERROR, roll->extra, "stand-in-failed", reason_text(failure->reason), failure->message);
	if (roll->extra->phase != CONTAINER_NEW)
		container_leave(roll->extra, failure->reason, LEAVE_AT_ONCE);
}

void roll_look(struct supervisor *supervisor)
{
	struct roll *roll = &supervisor->roll;
	struct failure failure;

	if (roll->extra != NULL && container_take_failure(roll->extra, &failure))
		roll_refused_extra(supervisor, &failure);
	roll->extra = roll_extra(supervisor);
}

static void roll_failed_log(struct supervisor *supervisor, const char *what)
{
	message_write(supervisor->roll.failed, "%s", what);
	log_error("event=roll-failed service=%s slot=%d reason=%s error=%s", supervisor->service->name,
	          supervisor->roll.slot, reason_text(REASON_ROLL), log_quote(what));
}

/* What works is not given up for an operator's wish. */
static void keep_unwanted(struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->slot_count; i++)
		if (slot_current(supervisor->slots[i]) != NULL)
			slot_current(supervisor->slots[i])->unwanted = false;
}

/* No slot was touched yet. */
static void roll_fail(struct supervisor *supervisor, const char *what)
{
	roll_failed_log(supervisor, what);
	if (supervisor->roll.for_port)
		backoff_fail(&supervisor->roll.retry, RETRY_ROLL);
	roll_cancel(supervisor, LEAVE_AFTER_DRAIN);
	if (revisions_go_back(supervisor))
		return;
	keep_unwanted(supervisor);
	if (stale_slot(supervisor) == NULL)
		return;
	supervisor->roll.blocked = supervisor->revision->number;
	log_error("event=roll-stopped service=%s error=\"nothing known to go back to: containers that still run "
	          "stay as they are until the next reload or roll\"",
	          supervisor->service->name);
}

/* The slot's new container failed, while the stand-in serves: it goes on doing that until the slot does. */
static void roll_fail_slot(struct supervisor *supervisor, struct slot *slot)
{
	struct roll *roll = &supervisor->roll;

	roll_failed_log(supervisor, slot->message[0] != '\0' ? slot->message : "the slot's new container failed");
	if (!revisions_go_back(supervisor)) {
		roll->stuck = true;
		log_error("event=roll-stopped service=%s error=\"nothing known to go back to: the stand-in serves "
		          "until slot %d does, or the next reload\"",
		          supervisor->service->name, slot->index);
		return;
	}
	if (slot_current(slot) != NULL && container_stale(slot_current(slot)))
		container_leave(slot_current(slot), REASON_ROLL, LEAVE_AT_ONCE);
	roll->faults = slot->faults;
	backoff_reset(&slot->retry);
	supervisor->again = true;
}

static void prepare_at_once(struct supervisor *supervisor)
{
	supervisor->prepared = false;
	backoff_reset(&supervisor->prepare);
}

void roll_refused(struct supervisor *supervisor, const char *message)
{
	struct roll *roll = &supervisor->roll;

	if (roll->state != ROLL_IDLE || !roll->unproven || roll->blocked == supervisor->revision->number ||
	    stale_slot(supervisor) == NULL)
		return;
	roll_fail(supervisor, message);
	prepare_at_once(supervisor);
}

/* Neither the old nor the new revision is to blame. */
static void roll_again(struct supervisor *supervisor, const char *why)
{
	log_warn("event=roll-again service=%s error=%s", supervisor->service->name, log_quote(why));
	roll_cancel(supervisor, LEAVE_AT_ONCE);
	backoff_fail(&supervisor->roll.retry, RETRY_ROLL);
}

/* Where ports move, the one meant for it may be one that a slot serves on; the one before is not. */
static int stand_in_port(struct supervisor *supervisor)
{
	const struct revision *revision = supervisor->revision, *previous = supervisor->previous;
	const struct config_scale *scale = &supervisor->service->scale;
	const struct container *holder = port_holder(supervisor, revision->spare_port, SLOT_EXTRA);

	if (holder == NULL || holder->use == CONTAINER_LEAVING || previous == NULL ||
	    (previous->spare_port >= revision->first_port &&
	     previous->spare_port < revision->first_port + scale->max + scale->spares))
		return revision->spare_port;
	return previous->spare_port;
}

static void roll_begin(struct supervisor *supervisor)
{
	struct roll *roll = &supervisor->roll;
	bool stale = stale_slot(supervisor) != NULL;
	char name[ENGINE_NAME_SIZE];

	if (!stale && !is_blocked(supervisor)) {
		revisions_trust(supervisor);
		return;
	}
	snprintf(name, sizeof(name), "%s_roll", supervisor->revision->spec.service);
	if (roll->blocked == supervisor->revision->number || !supervisor->prepared || name_in_use(supervisor, name))
		return;
	if (!backoff_due(&roll->retry)) {
		supervisor_wake(supervisor, roll->retry.next_us);
		return;
	}
	log_info("event=roll-begin service=%s spec=%s why=%s", supervisor->service->name, supervisor->revision->hash,
	         stale ? "stale" : "ports");
	roll->state = ROLL_STAND_IN;
	roll->failed[0] = '\0';
	roll->rolled = 0;
	roll->doubt = roll->stuck = false;
	roll->for_port = !stale;
	message_write(roll->message, "the new container was taken away");
	roll->extra = container_new(supervisor, CONTAINER_EXTRA, SLOT_EXTRA);
	container_create(roll->extra, name, stand_in_port(supervisor));
}

static void roll_stand_in(struct supervisor *supervisor)
{
	struct container *extra = roll_extra(supervisor);
	char why[SUPERVISOR_MESSAGE_SIZE];

	if (extra == NULL && supervisor->roll.doubt) {
		roll_again(supervisor, "the engine was away");
		return;
	}
	if (extra == NULL) {
		roll_fail(supervisor, supervisor->roll.message);
		return;
	}
	if (extra->busy)
		return;
	if (extra->dead || (extra->backend != NULL && backend_state(extra->backend) == BACKEND_DOWN)) {
		container_explain(extra, why);
		message_write(supervisor->roll.message, "the new container did not become ready%s%s",
		              why[0] != '\0' ? ": " : "", why);
		container_leave(extra, REASON_ROLL, LEAVE_AT_ONCE);
		roll_fail(supervisor, supervisor->roll.message);
	} else if (extra->phase == CONTAINER_CREATED) {
		if (!container_port_leaves(extra))
			container_start(extra); /* else a step comes when that is gone */
	} else if (extra->phase == CONTAINER_STARTED) {
		container_locate(extra);
	} else if (extra->backend != NULL && backend_state(extra->backend) == BACKEND_READY) {
		supervisor->roll.state = ROLL_SLOTS;
		supervisor->roll.unproven = false;
		supervisor->again = true;
	}
}

static void roll_done(struct supervisor *supervisor)
{
	log_info("event=rolled service=%s slots=%u spec=%s", supervisor->service->name, supervisor->roll.rolled,
	         supervisor->revision->hash);
	backoff_reset(&supervisor->roll.retry);
	roll_cancel(supervisor, LEAVE_AFTER_DRAIN);
	revisions_trust(supervisor);
}

static void roll_next_slot(struct supervisor *supervisor)
{
	struct slot *slot = stale_slot(supervisor);

	if (slot == NULL) {
		if (!supervisor->roll.for_port || all_ready(supervisor))
			roll_done(supervisor);
		return;
	}
	supervisor->roll.slot = slot->index;
	supervisor->roll.faults = slot->faults;
	slot->retry.level = 0;
	slot_vacate(supervisor, slot, REASON_ROLL);
}

/* An engine that is away is no fault of the new container's. */
static bool slot_fails(const struct slot *slot, unsigned faults)
{
	return slot->faults != faults || (slot->retry.level > 0 && slot->reason != REASON_ENGINE_DOWN);
}

static void roll_slots(struct supervisor *supervisor)
{
	struct roll *roll = &supervisor->roll;
	struct slot *slot;

	if (roll_extra(supervisor) == NULL || roll_extra(supervisor)->backend == NULL ||
	    backend_state(roll_extra(supervisor)->backend) == BACKEND_DOWN || roll_extra(supervisor)->dead) {
		roll_again(supervisor, "the stand-in was lost");
		return;
	}
	if (roll->slot == SLOT_EXTRA) {
		if (backend_state(roll_extra(supervisor)->backend) == BACKEND_READY && supervisor->prepared)
			roll_next_slot(supervisor);
		return;
	}
	slot = supervisor_slot_of(supervisor, roll->slot);
	if (roll->supplanted) {
		if (!slot->live || slot_ready(slot))
			roll_cancel(supervisor, LEAVE_AFTER_DRAIN);
	} else if (!slot->live || slot_ready(slot)) {
		roll->rolled += slot->live && !container_stale(slot_current(slot));
		roll->slot = SLOT_EXTRA;
		roll->stuck = false;
		supervisor->again = true;
	} else if (slot_fails(slot, roll->faults) && !roll->stuck) {
		roll_fail_slot(supervisor, slot);
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
	if (supervisor->roll.unproven && supervisor->previous != NULL)
		return err_set(err, "a roll is due already, for the configuration was reloaded");
	revisions_renew(supervisor);
	supervisor_soon(supervisor);
	return true;
}

static bool fits_slot(const struct container *container)
{
	return container->revision == revisions_for_slots(container->supervisor)->number;
}

/* The stand-in of a roll that is under way serves for a slot that does not: it stays until that does. */
static void roll_supplant(struct supervisor *supervisor)
{
	struct roll *roll = &supervisor->roll;
	struct slot *slot = roll->slot == SLOT_EXTRA ? NULL : supervisor_slot_of(supervisor, roll->slot);

	if (roll->state != ROLL_SLOTS || slot == NULL || !slot->live || slot_ready(slot)) {
		roll_cancel(supervisor, LEAVE_AFTER_DRAIN);
		return;
	}
	roll->supplanted = true;
	if (slot_next(slot) != NULL && !fits_slot(slot_next(slot)))
		container_leave(slot_next(slot), REASON_ROLL, LEAVE_AT_ONCE);
	if (slot_current(slot) != NULL && slot_current(slot)->phase < CONTAINER_SERVING &&
	    !fits_slot(slot_current(slot)))
		container_leave(slot_current(slot), REASON_ROLL, LEAVE_AT_ONCE);
	backoff_reset(&slot->retry);
}

void roll_to(struct supervisor *supervisor, struct revision *revision)
{
	revisions_replace(supervisor, revision);
	supervisor->roll.blocked = 0;
	backoff_reset(&supervisor->roll.retry);
	prepare_at_once(supervisor); /* it may need other volumes */
	if (supervisor->roll.state != ROLL_IDLE)
		roll_supplant(supervisor);
	supervisor->roll.stuck = false;
	supervisor_soon(supervisor);
}
