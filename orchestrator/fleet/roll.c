/* roll: one slot after the other to the newest revision.
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
#include "orchestrator/fleet/roll.h"

#include "common/clock.h"
#include "common/log.h"
#include "orchestrator/base/excerpt.h"
#include "orchestrator/fleet/container_ends.h"
#include "orchestrator/fleet/holders.h"
#include "orchestrator/fleet/roll_pick.h"

void roll_init(struct roll *roll, struct berths *berths, struct slots *slots, struct revisions *revisions)
{
	roll->slots = slots;
	roll->revisions = revisions;
	roll->containers = revisions->containers;
	roll->slot = SLOT_NONE;
	berth_init(&roll->berth, berths, BERTH_ROLL, -1, roll->containers);
}

static struct slot *rolled_slot(const struct roll *roll)
{
	return roll->slot == SLOT_NONE ? NULL : roll->slots->items[roll->slot];
}

bool roll_settled(const struct roll *roll)
{
	return roll->state == ROLL_IDLE && roll_pick_next(roll->slots) == NULL;
}

bool roll_stands_in_for(const struct roll *roll, const struct slot *slot)
{
	return roll->state == ROLL_SLOTS && roll->slot == slot->index;
}

/* --- it ends --------------------------------------------------------------------------------------------------- */

void roll_cancel(struct roll *roll, enum leave_how how)
{
	berth_leave(&roll->berth, REASON_ROLL, how);
	roll->supplanted = false;
	roll->state = ROLL_IDLE;
	roll->slot = SLOT_NONE;
	step_soon(roll->containers->step);
}

/* Does what failed last still stand? A roll is gone back from until the configuration is another one; a replacement was
 * not made while the container that was to go is there; a stand-in is missed while the slots wait for their ports. */
static bool failure_holds(const struct roll *roll)
{
	if (roll->stuck)
		return true;
	switch (roll->failure.what) {
	case ROLL_REPLACE:
		return roll_pick_is_kept(roll->slots);
	case ROLL_PORTS:
		return roll_pick_is_blocked(roll->slots);
	case ROLL_ALL:
		break;
	}
	return roll->revisions->gone_back ||
	       (revisions_is_blocked(roll->revisions) && roll_pick_next(roll->slots) != NULL);
}

/* Where there is another text to go back to, it is the roll to the new one. */
static enum roll_what what_fails(const struct roll *roll)
{
	return roll->revisions->previous != NULL ? ROLL_ALL : roll->what;
}

/* A roll that was gone back from is what is told, whatever fails beside it. */
static void failed(struct roll *roll, const struct roll_fault *fault)
{
	bool shown = fault->what == ROLL_ALL || !roll->revisions->gone_back;

	roll_failure_note(&roll->failure, roll->containers, fault, shown);
}

/* What works is not given up for an operator's wish. */
static void keep_unwanted(struct roll *roll)
{
	for (size_t i = 0; i < roll->slots->count; i++) {
		struct container *container = berth_container(&roll->slots->items[i]->berth);

		if (container != NULL)
			container_keep(container);
	}
}

/* The roll ends before it touched a slot. */
static void roll_fail(struct roll *roll, const struct roll_fault *fault)
{
	failed(roll, fault);
	if (fault->what == ROLL_PORTS)
		backoff_fail(&roll->berth.retry, RETRY_ROLL);
	roll_cancel(roll, LEAVE_AFTER_DRAIN);
	if (revisions_go_back(roll->revisions))
		return;
	keep_unwanted(roll);
	if (roll_pick_next(roll->slots) == NULL)
		return;
	revisions_block(roll->revisions);
	log_error("event=roll-stopped service=%s error=\"nothing known to go back to: containers that still run "
	          "stay as they are until the next reload or roll\"",
	          roll->containers->service->name);
}

/* The slot's new container failed, while the stand-in serves: it goes on doing that until the slot does. */
static void roll_fail_slot(struct roll *roll, struct slot *slot)
{
	const struct container *container = berth_container(&slot->berth);
	const struct berth *berth = &slot->berth;

	failed(roll, &(struct roll_fault){.what = what_fails(roll),
	                                  .text = berth->message[0] != '\0' ? berth->message
	                                                                    : "the slot's new container failed",
	                                  .cause = berth->cause,
	                                  .slot = slot->index,
	                                  .lost = berth->lost,
	                                  .why = berth->why});
	if (!revisions_go_back(roll->revisions)) {
		roll->stuck = true;
		log_error("event=roll-stopped service=%s error=\"nothing known to go back to: the stand-in serves "
		          "until slot %d does, or the next reload\"",
		          roll->containers->service->name, slot->index);
		return;
	}
	if (container != NULL && revisions_stale(roll->revisions, container))
		slot_drop(slot, REASON_ROLL);
	roll->rolled = 0;
	roll->faults = slot->faults;
	slot_afresh(slot);
	step_soon(roll->containers->step);
}

/* The roll ends, and is tried again later: neither the old nor the new revision is to blame. */
static void roll_again(struct roll *roll, const char *why)
{
	log_warn("event=roll-again service=%s error=%s", roll->containers->service->name, log_quote(why));
	roll_cancel(roll, LEAVE_AT_ONCE);
	backoff_fail(&roll->berth.retry, RETRY_ROLL);
}

static void roll_done(struct roll *roll)
{
	log_info("event=rolled service=%s slots=%u spec=%s", roll->containers->service->name, roll->rolled,
	         roll->revisions->newest->hash);
	backoff_reset(&roll->berth.retry);
	roll_cancel(roll, LEAVE_AFTER_DRAIN);
	revisions_trust(roll->revisions);
}

/* --- looking --------------------------------------------------------------------------------------------------- */

/* What the newest revision needs was refused: a roll to it does not begin. */
static void look_at_refusal(struct roll *roll)
{
	if (roll->state != ROLL_IDLE || !roll->revisions->unproven || revisions_is_blocked(roll->revisions) ||
	    roll_pick_next(roll->slots) == NULL)
		return;
	roll_fail(roll, &(struct roll_fault){.what = ROLL_ALL,
	                                     .text = roll->revisions->message,
	                                     .cause = roll->revisions->cause,
	                                     .slot = SLOT_NONE,
	                                     .lost = ""});
	revisions_prepare_at_once(roll->revisions);
}

void roll_look(struct roll *roll)
{
	struct failure failure;

	roll_failure_hear(&roll->failure, roll->containers);
	if (!failure_holds(roll))
		roll_failure_end(&roll->failure);
	if (berth_look(&roll->berth, &failure) && berth_refused(&roll->berth, &failure))
		roll->doubt = failure.reason == REASON_ENGINE_DOWN;
	if (revisions_take_refused(roll->revisions))
		look_at_refusal(roll);
}

/* --- the stand-in ---------------------------------------------------------------------------------------------- */

static void roll_begin(struct roll *roll)
{
	struct revision *newest = roll->revisions->newest;
	char name[ENGINE_NAME_SIZE];

	if (roll_pick_next(roll->slots) == NULL && !roll_pick_is_blocked(roll->slots)) {
		revisions_trust(roll->revisions);
		return;
	}
	berth_name(&roll->berth, newest, name);
	if (revisions_is_blocked(roll->revisions) || !roll->revisions->prepared ||
	    holders_name_in_use(roll->containers, name))
		return;
	if (!backoff_due(&roll->berth.retry)) {
		step_by(roll->containers->step, roll->berth.retry.next_us);
		return;
	}
	roll->state = ROLL_STAND_IN;
	roll->what = roll_pick_what(roll->slots);
	log_info("event=roll-begin service=%s spec=%s what=%s", roll->containers->service->name, newest->hash,
	         roll_what_text(roll->what));
	roll->begun_us = roll->step_us = clock_us();
	roll->rolled = 0;
	roll->doubt = roll->stuck = false;
	berth_say(&roll->berth, REASON_NONE, "the new container was taken away");
	berth_make_at(&roll->berth, newest, name, berth_port(&roll->berth, roll_pick_port_of(roll->slots)));
}

/* There is none: the roll fails with what its berth says. */
static void stand_in_failed(struct roll *roll, const char *text)
{
	roll_fail(roll, &(struct roll_fault){.what = what_fails(roll),
	                                     .text = text,
	                                     .cause = roll->berth.cause,
	                                     .slot = SLOT_NONE,
	                                     .lost = roll->berth.lost,
	                                     .why = roll->berth.why});
}

static void stand_in_lost(struct roll *roll)
{
	char why[WORDS_SIZE], message[WORDS_SIZE];

	container_explain(berth_container(&roll->berth), why);
	excerpt_write(message, sizeof(message), "the new container did not become ready%s%s",
	              why[0] != '\0' ? ": " : "", why);
	(void)berth_fault(&roll->berth);
	berth_leave(&roll->berth, REASON_ROLL, LEAVE_AT_ONCE);
	stand_in_failed(roll, message);
}

static void roll_stand_in(struct roll *roll)
{
	const struct container *container = berth_container(&roll->berth);

	if (container == NULL && roll->doubt) {
		roll_again(roll, "the engine was away");
	} else if (container == NULL) {
		stand_in_failed(roll, roll->berth.message);
	} else if (container->call.busy) {
		return;
	} else if (berth_lost(&roll->berth)) {
		stand_in_lost(roll);
	} else if (berth_ready(&roll->berth)) {
		roll->state = ROLL_SLOTS;
		roll->step_us = clock_us();
		revisions_prove(roll->revisions);
		step_soon(roll->containers->step);
	} else {
		berth_advance(&roll->berth, true);
	}
}

/* --- the slots ------------------------------------------------------------------------------------------------- */

static void roll_next_slot(struct roll *roll)
{
	struct slot *slot = roll_pick_next(roll->slots);

	if (slot == NULL) {
		if (roll->what != ROLL_PORTS || slots_ready(roll->slots) == slots_live(roll->slots))
			roll_done(roll);
		return;
	}
	roll->slot = slot->index;
	roll->step_us = clock_us();
	roll->faults = slot->faults;
	slot_afresh(slot);
	slot_vacate(slot, REASON_ROLL);
}

/* An engine that is away is no fault of the new container's. */
static bool slot_fails(const struct slot *slot, unsigned faults)
{
	return slot->faults != faults || (slot->berth.retry.level > 0 && slot->berth.reason != REASON_ENGINE_DOWN);
}

static void roll_slot(struct roll *roll, struct slot *slot)
{
	bool over = !slot->live || slot_ready(slot);

	if (roll->supplanted) {
		if (over)
			roll_cancel(roll, LEAVE_AFTER_DRAIN);
	} else if (over) {
		roll->rolled += slot->live && !roll_pick_is_stale(slot);
		roll->slot = SLOT_NONE;
		roll->step_us = clock_us();
		roll->stuck = false;
		step_soon(roll->containers->step);
	} else if (slot_fails(slot, roll->faults) && !roll->stuck) {
		roll_fail_slot(roll, slot);
	}
}

static void roll_slots(struct roll *roll)
{
	if (berth_backend(&roll->berth) == NULL || berth_lost(&roll->berth))
		roll_again(roll, "the stand-in was lost");
	else if (roll->slot != SLOT_NONE)
		roll_slot(roll, rolled_slot(roll));
	else if (berth_ready(&roll->berth) && roll->revisions->prepared)
		roll_next_slot(roll);
}

void roll_step(struct roll *roll)
{
	if (!containers_may_act(roll->containers))
		return;
	if (berth_evicted(&roll->berth)) {
		berth_leave(&roll->berth, REASON_EVICTED, LEAVE_AFTER_DRAIN);
		roll_again(roll, "the stand-in was evicted");
	}
	switch (roll->state) {
	case ROLL_IDLE:
		roll_begin(roll);
		break;
	case ROLL_STAND_IN:
		roll_stand_in(roll);
		break;
	case ROLL_SLOTS:
		roll_slots(roll);
		break;
	}
}

/* --- wishes ---------------------------------------------------------------------------------------------------- */

bool roll_may_renew(const struct roll *roll, struct err *err)
{
	static const char *const under_way[] = {
	        [ROLL_ALL] = "a roll is under way already: `orchestrator status` shows how far it is",
	        [ROLL_REPLACE] = "a container is being replaced, as was ordered: roll once that is done (`orchestrator "
	                         "status` shows it)",
	        [ROLL_PORTS] = "a stand-in serves, since others have the ports: roll once the slots serve "
	                       "(`orchestrator status` shows it)",
	};

	if (roll->state != ROLL_IDLE)
		return err_set(err, "%s", under_way[roll->what]);
	if (roll->revisions->unproven && roll->revisions->previous != NULL)
		return err_set(err, "a roll is due already, for the configuration was reloaded");
	return true;
}

void roll_renew(struct roll *roll)
{
	revisions_renew(roll->revisions);
	step_soon(roll->containers->step);
}

/* The stand-in of a roll that is under way serves for a slot that does not: it stays until that does. */
static void supplant(struct roll *roll)
{
	struct slot *slot = rolled_slot(roll);
	const struct container *container, *ahead;

	if (roll->state != ROLL_SLOTS || slot == NULL || !slot->live || slot_ready(slot)) {
		roll_cancel(roll, LEAVE_AFTER_DRAIN);
		return;
	}
	roll->supplanted = true;
	container = berth_container(&slot->berth);
	ahead = berth_container(&slot->ahead);
	if (ahead != NULL && !revisions_fits_slot(roll->revisions, ahead))
		slot_drop_ahead(slot, REASON_ROLL);
	if (container != NULL && container->phase < CONTAINER_SERVING &&
	    !revisions_fits_slot(roll->revisions, container))
		slot_drop(slot, REASON_ROLL);
	slot_afresh(slot);
}

void roll_to(struct roll *roll, struct revision *revision)
{
	revisions_replace(roll->revisions, revision, roll->stuck);
	backoff_reset(&roll->berth.retry);
	revisions_prepare_at_once(roll->revisions); /* it may need other volumes */
	if (roll->state != ROLL_IDLE)
		supplant(roll);
	roll->stuck = false;
	roll_failure_end(&roll->failure);
	step_soon(roll->containers->step);
}
