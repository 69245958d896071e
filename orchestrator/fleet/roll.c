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
#include "orchestrator/fleet/container_ends.h"
#include "orchestrator/fleet/holders.h"

void roll_init(struct roll *roll, struct berths *berths, struct slots *slots, struct revisions *revisions)
{
	roll->slots = slots;
	roll->revisions = revisions;
	roll->containers = revisions->containers;
	roll->slot = SLOT_NONE;
	berth_init(&roll->berth, berths, BERTH_ROLL, -1, roll->containers);
}

/* --- which slots ----------------------------------------------------------------------------------------------- */

static bool slot_stale(const struct roll *roll, const struct slot *slot)
{
	const struct container *container = berth_container(&slot->berth);

	return slot->live && container != NULL && revisions_stale(roll->revisions, container);
}

/* The slot to be rolled next: one whose new port no other slot has, if there is such a slot, for where ports move their order
 * matters; else the lowest. NULL: none is stale. */
static struct slot *stale_slot(const struct roll *roll)
{
	struct slot *stale = NULL;

	for (size_t i = roll->slots->count; i-- > 0;) {
		struct slot *slot = roll->slots->items[i];

		if (!slot_stale(roll, slot))
			continue;
		if (stale == NULL ||
		    holders_of_port(roll->containers, berth_port(&slot->berth, roll->revisions->newest), slot->index) ==
		            NULL)
			stale = slot;
	}
	return stale;
}

/* No slot serves, and one that could may not have its port. */
static bool is_blocked(const struct roll *roll)
{
	if (fleet_count_state(roll->containers->fleet, BACKEND_READY) > 0)
		return false;
	for (size_t i = 0; i < roll->slots->count; i++)
		if (slot_waits_for_port(roll->slots->items[i]))
			return true;
	return false;
}

static struct slot *rolled_slot(const struct roll *roll)
{
	return roll->slot == SLOT_NONE ? NULL : roll->slots->items[roll->slot];
}

bool roll_settled(const struct roll *roll)
{
	return roll->state == ROLL_IDLE && stale_slot(roll) == NULL;
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

static void failed_log(struct roll *roll, const char *what)
{
	words_write(roll->failed, "%s", what);
	log_error("event=roll-failed service=%s slot=%d reason=%s error=%s", roll->containers->service->name,
	          roll->slot, reason_text(REASON_ROLL), log_quote(what));
}

/* What works is not given up for an operator's wish. */
static void keep_unwanted(struct roll *roll)
{
	for (size_t i = 0; i < roll->slots->count; i++) {
		struct container *container = berth_container(&roll->slots->items[i]->berth);

		if (container != NULL)
			container_set_unwanted(container, false);
	}
}

/* The roll ends before it touched a slot. */
static void roll_fail(struct roll *roll, const char *what)
{
	failed_log(roll, what);
	if (roll->for_port)
		backoff_fail(&roll->berth.retry, RETRY_ROLL);
	roll_cancel(roll, LEAVE_AFTER_DRAIN);
	if (revisions_go_back(roll->revisions))
		return;
	keep_unwanted(roll);
	if (stale_slot(roll) == NULL)
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

	failed_log(roll, slot->berth.message[0] != '\0' ? slot->berth.message : "the slot's new container failed");
	if (!revisions_go_back(roll->revisions)) {
		roll->stuck = true;
		log_error("event=roll-stopped service=%s error=\"nothing known to go back to: the stand-in serves "
		          "until slot %d does, or the next reload\"",
		          roll->containers->service->name, slot->index);
		return;
	}
	if (container != NULL && revisions_stale(roll->revisions, container))
		slot_drop(slot, REASON_ROLL);
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
	    stale_slot(roll) == NULL)
		return;
	roll_fail(roll, roll->revisions->message);
	revisions_prepare_at_once(roll->revisions);
}

void roll_look(struct roll *roll)
{
	struct failure failure;

	if (berth_look(&roll->berth, &failure) && berth_refused(&roll->berth, &failure))
		roll->doubt = failure.reason == REASON_ENGINE_DOWN;
	if (revisions_take_refused(roll->revisions))
		look_at_refusal(roll);
}

/* --- the stand-in ---------------------------------------------------------------------------------------------- */

/* Where ports move, the one meant for it may be one that a slot serves on; the one before is not. */
static struct revision *stand_in_port_of(const struct roll *roll)
{
	struct revision *newest = roll->revisions->newest, *previous = roll->revisions->previous;
	const struct config_scale *scale = &roll->containers->service->scale;
	const struct container *holder = holders_of_port(roll->containers, newest->roll_port, SLOT_NONE);

	if (holder == NULL || holder->leaving || previous == NULL ||
	    (previous->roll_port >= newest->first_port &&
	     previous->roll_port < newest->first_port + scale->max + scale->spares))
		return newest;
	return previous;
}

static void roll_begin(struct roll *roll)
{
	struct revision *newest = roll->revisions->newest;
	bool stale = stale_slot(roll) != NULL;
	char name[ENGINE_NAME_SIZE];

	if (!stale && !is_blocked(roll)) {
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
	log_info("event=roll-begin service=%s spec=%s why=%s", roll->containers->service->name, newest->hash,
	         stale ? "stale" : "ports");
	roll->state = ROLL_STAND_IN;
	roll->failed[0] = '\0';
	roll->rolled = 0;
	roll->doubt = roll->stuck = false;
	roll->for_port = !stale;
	berth_say(&roll->berth, REASON_NONE, "the new container was taken away");
	berth_make_at(&roll->berth, newest, name, berth_port(&roll->berth, stand_in_port_of(roll)));
}

static void stand_in_lost(struct roll *roll)
{
	char why[WORDS_SIZE], message[WORDS_SIZE];

	container_explain(berth_container(&roll->berth), why);
	words_write(message, "the new container did not become ready%s%s", why[0] != '\0' ? ": " : "", why);
	berth_leave(&roll->berth, REASON_ROLL, LEAVE_AT_ONCE);
	roll_fail(roll, message);
}

static void roll_stand_in(struct roll *roll)
{
	const struct container *container = berth_container(&roll->berth);

	if (container == NULL && roll->doubt) {
		roll_again(roll, "the engine was away");
	} else if (container == NULL) {
		roll_fail(roll, roll->berth.message);
	} else if (container->call.busy) {
		return;
	} else if (berth_lost(&roll->berth)) {
		stand_in_lost(roll);
	} else if (berth_ready(&roll->berth)) {
		roll->state = ROLL_SLOTS;
		revisions_prove(roll->revisions);
		step_soon(roll->containers->step);
	} else {
		berth_advance(&roll->berth, true);
	}
}

/* --- the slots ------------------------------------------------------------------------------------------------- */

static void roll_next_slot(struct roll *roll)
{
	struct slot *slot = stale_slot(roll);

	if (slot == NULL) {
		if (!roll->for_port || slots_all_ready(roll->slots))
			roll_done(roll);
		return;
	}
	roll->slot = slot->index;
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
		roll->rolled += slot->live && !slot_stale(roll, slot);
		roll->slot = SLOT_NONE;
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
	if (!roll->containers->engine_up)
		return;
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

bool roll_ask(struct roll *roll, struct err *err)
{
	if (roll->state != ROLL_IDLE)
		return err_set(err, "a roll is under way already");
	if (roll->revisions->unproven && roll->revisions->previous != NULL)
		return err_set(err, "a roll is due already, for the configuration was reloaded");
	revisions_renew(roll->revisions);
	step_soon(roll->containers->step);
	return true;
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
	step_soon(roll->containers->step);
}
