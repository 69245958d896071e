/* slots: one slot after the other, from what is to what should be.
 *
 *   nothing there      -> take the container created ahead, else create one
 *   created            -> start it, once the one before is dead
 *   running            -> (health) ready
 *   ready              -> give it the slot's name, create the next one ahead
 *   DOWN               -> a fault: the container leaves at once, an incident is open until the slot serves again
 *   evicted            -> it leaves after a drain, while the next one starts
 *
 * Nothing of this is remembered as a state of the slot: a step looks at the containers and does what is missing.
 * Invariant: at most one container of a slot runs; a start is not even tried while the one before may run. Not so with an engine
 * whose containers run from their creation on.
 */
#include "orchestrator/fleet/slots.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/fleet/container_verbs.h"
#include "orchestrator/fleet/follow.h"
#include "orchestrator/fleet/holders.h"
#include "orchestrator/fleet/slot_fault.h"

#include <stdlib.h>
#include <string.h>

#define DOUBT_US 1000000     /* between two looks whether one that was adopted runs */
#define EMPTY_US 10000000    /* a slot that others have to fill is not wanted any more once it was empty for so long */
#define AFTERMATH_US 1000000 /* what a dead container still needs has so much time */

void slots_init(struct slots *slots, struct berths *berths, struct revisions *revisions)
{
	slots->containers = revisions->containers;
	slots->berths = berths;
	slots->revisions = revisions;
}

void slots_clear(struct slots *slots)
{
	for (size_t i = 0; i < slots->count; i++)
		free(slots->items[i]);
	free(slots->items);
}

/* --- serving --------------------------------------------------------------------------------------------------- */

static void settle(struct slot *slot)
{
	struct container *container = berth_container(&slot->berth);
	const char *service = slot->all->containers->service->name;
	int64_t ready_us = backend_since_us(container->backend), took_ms = -1;

	if (incident_open(&slot->incident) && !slot->incident_refused) {
		double seconds = (double)(ready_us - slot->incident.t0_us) / 1e6;

		repair_times_add(&slot->all->times, seconds);
		log_info("event=replaced service=%s slot=%d container=%.12s reason=%s incident=%s took_ms=%.1f",
		         service, slot->index, container->id, reason_text(slot->incident_reason),
		         incident_text(&slot->incident), seconds * 1e3);
		took_ms = (int64_t)(seconds * 1e3);
	} else {
		log_info("event=serving service=%s slot=%d container=%.12s reason=%s incident=%s took_ms=%.1f", service,
		         slot->index, container->id, reason_text(container->adopted ? REASON_ADOPTED : REASON_CREATED),
		         incident_text(&slot->incident), (double)(ready_us - slot->wanted_us) / 1e3);
	}
	if (incident_open(&slot->incident))
		container_end_incident(container);
	incident_end(&slot->incident);
	slot->ready_us = ready_us;
	slot->attempts = 0;
	lately_end(slot->all->containers->harbour->lately, service, slot->index, took_ms, true);
	berth_say(&slot->berth, REASON_NONE, "");
	backoff_reset(&slot->berth.retry);
}

static void create_ahead(struct slot *slot)
{
	const struct revisions *revisions = slot->all->revisions;
	struct revision *revision = revisions_for_slots(revisions);
	char name[ENGINE_NAME_SIZE];

	berth_name(&slot->ahead, revision, name);
	if (!revisions_prepared(revisions) || holders_name_in_use(slot->all->containers, name) ||
	    !revisions_may_create_ahead(revisions))
		return;
	if (backoff_due(&slot->ahead.retry))
		berth_make(&slot->ahead, revision, name);
	else
		step_by(slot->all->containers->step, slot->ahead.retry.next_us);
}

/* The slot serves: the rest has time. */
static void tidy(struct slot *slot)
{
	struct container *container = berth_container(&slot->berth);
	struct containers *all = slot->all->containers;
	char name[ENGINE_NAME_SIZE];

	berth_name(&slot->berth, container->revision, name);
	if (strcmp(container->name, name) == 0) {
		backoff_reset(&slot->rename);
	} else if (all->engine->can->rename && !holders_name_in_use(all, name)) {
		if (backoff_due(&slot->rename))
			container_rename(container, name);
		else
			step_by(all->step, slot->rename.next_us);
	}
	if (all->engine->can->ahead && berth_container(&slot->ahead) == NULL &&
	    !container->call.busy) /* a rename frees the name when it is answered */
		create_ahead(slot);
}

/* --- filling --------------------------------------------------------------------------------------------------- */

static void fill(struct slot *slot)
{
	const struct revisions *revisions = slot->all->revisions;
	struct revision *revision = revisions_for_slots(revisions);
	struct container *ahead = berth_take(&slot->ahead);
	char name[ENGINE_NAME_SIZE];

	slot->ready_us = NEVER;
	if (ahead != NULL) {
		container_take_up(ahead);
		container_join(ahead, &slot->incident);
		berth_put(&slot->berth, ahead);
		return;
	}
	berth_name(&slot->berth, revision, name);
	if (holders_name_in_use(slot->all->containers, name))
		berth_name(&slot->ahead, revision, name);
	if (!revisions_prepared(revisions) || holders_name_in_use(slot->all->containers, name))
		return; /* a step comes when that changes */
	berth_make(&slot->berth, revision, name);
	container_join(slot->berth.container, &slot->incident);
}

/* The engine says when it has taken a dead container apart; one that has its network late need not wait for that. */
static bool is_over(const struct container *container, const struct container *next)
{
	return container->gone || !container->may_run || (container->exited && next->late_network);
}

static bool is_vacant(const struct slot *slot)
{
	const struct container *next = berth_container(&slot->berth), *container;

	if (!slot->all->containers->engine->can->ahead)
		return true;
	BERTH_FOREACH_HAD (container, &slot->berth)
		if (next != NULL && !is_over(container, next))
			return false;
	return true;
}

/* No fault, and no story of its own. */
static void give_way(struct slot *slot)
{
	if (containers_look_on(slot->all->containers))
		containers_want_list(slot->all->containers); /* what comes in its place may be there */
	else
		slots_count_replacement(slot->all, REASON_EVICTED);
	slot_vacate(slot, REASON_EVICTED);
}

/* A list can show a container as running whose die event was over before we listened: its probes are refused, which is
 * no fault before the first good one. So the list is asked for again. */
static void doubt(struct slot *slot)
{
	const struct container *container = berth_container(&slot->berth);

	if (container == NULL || !container->adopted || slot->ready_us != NEVER)
		return;
	if (clock_us() >= slot->doubt_us) {
		slot->doubt_us = clock_us() + DOUBT_US;
		containers_want_list(slot->all->containers);
	}
	step_by(slot->all->containers->step, slot->doubt_us);
}

static bool ahead_fits(const struct slot *slot)
{
	const struct container *container = berth_container(&slot->ahead);

	return container == NULL || (slot->live && revisions_ahead_usable(slot->all->revisions, container));
}

/* Who leads fills it again soon, or has taken it away. */
static void follow(struct slot *slot)
{
	follow_yield(&slot->berth);
	if (berth_container(&slot->berth) != NULL || slot->index < slot->all->containers->service->scale.min)
		return;
	if (clock_us() >= slot->since_us + EMPTY_US)
		slot_retire(slot, REASON_SCALE_DOWN);
	else
		step_by(slot->all->containers->step, slot->since_us + EMPTY_US);
}

static void slot_step(struct slot *slot)
{
	struct containers *all = slot->all->containers;

	if (berth_lost(&slot->berth) && !follow_keep(&slot->berth))
		slot_fault(slot);
	if (berth_evicted(&slot->berth))
		give_way(slot);
	if (slot->ready_us == NEVER && slot_ready(slot))
		settle(slot);
	if (!ahead_fits(slot))
		berth_leave(&slot->ahead, slot->live ? REASON_ROLL : REASON_SCALE_DOWN, LEAVE_AT_ONCE);
	if (!slot->live || !(all->engine_up || containers_look_on(all)))
		return;
	if (all->following)
		follow(slot);
	doubt(slot);
	slot_tell_back_off(slot);
	if (!backoff_due(&slot->berth.retry)) {
		step_by(all->step, slot->berth.retry.next_us);
		return;
	}
	if (berth_container(&slot->berth) == NULL && containers_may_act(all))
		fill(slot);
	berth_advance(&slot->berth, is_vacant(slot));
	if (slot_ready(slot) && containers_may_act(all) && !berth_container(&slot->berth)->call.busy)
		tidy(slot);
}

void slots_look(struct slots *slots)
{
	for (size_t i = 0; i < slots->count; i++)
		slot_look(slots->items[i]);
}

/* What they share may be there long before one of them serves. */
static void end_refusal(const struct slots *slots)
{
	bool wanted = false, serves = false;

	for (size_t i = 0; i < slots->count; i++) {
		wanted = wanted || slots->items[i]->live;
		serves = serves || (slots->items[i]->live && slot_ready(slots->items[i]));
	}
	if (serves || !wanted)
		revisions_serve(slots->revisions, serves);
}

void slots_step(struct slots *slots)
{
	for (size_t i = 0; i < slots->count; i++)
		slot_step(slots->items[i]);
	end_refusal(slots);
}

/* --- all of them ----------------------------------------------------------------------------------------------- */

bool slots_pending(const struct slots *slots)
{
	for (size_t i = 0; i < slots->count; i++) {
		const struct slot *slot = slots->items[i];
		const struct backend *backend = berth_backend(&slot->berth);

		if (slot->live && backoff_due(&slot->berth.retry) &&
		    (backend == NULL || backend_state(backend) == BACKEND_STARTING))
			return true;
	}
	return false;
}

int slots_live(const struct slots *slots)
{
	int live = 0;

	for (size_t i = 0; i < slots->count; i++)
		live += slots->items[i]->live;
	return live;
}

int slots_ready(const struct slots *slots)
{
	int ready = 0;

	for (size_t i = 0; i < slots->count; i++)
		ready += slots->items[i]->live && slot_ready(slots->items[i]);
	return ready;
}

int64_t slots_aftermath_us(const struct slots *slots, const struct container *container)
{
	const struct slot *slot;

	if (container->slot == SLOT_NONE || (size_t)container->slot >= slots->count)
		return 0;
	slot = slots->items[container->slot];
	if (!slot->live || berth_container(&slot->berth) == NULL || slot_ready(slot) ||
	    !backoff_due(&slot->berth.retry))
		return 0;
	return slot->ended_us + AFTERMATH_US;
}

void slots_count_replacement(struct slots *slots, enum reason reason)
{
	slots->replacements[reason]++;
}

/* --- emptying, opening ----------------------------------------------------------------------------------------- */

static void want_now(struct slot *slot)
{
	slot->wanted_us = slot->since_us = clock_us();
	slot->ready_us = NEVER;
}

void slot_open(struct slot *slot)
{
	slot->live = true;
	want_now(slot);
	berth_say(&slot->berth, REASON_SCALE_UP, "");
}

void slot_vacate(struct slot *slot, enum reason reason)
{
	crashes_calm(&slot->crashes, slot->ready_us);
	want_now(slot);
	backoff_hurry(&slot->berth.retry);
	slot->back_off_untold = false;
	berth_leave(&slot->berth, reason, LEAVE_AFTER_DRAIN);
	step_soon(slot->all->containers->step);
}

void slot_afresh(struct slot *slot)
{
	backoff_reset(&slot->berth.retry);
}

void slot_drop(struct slot *slot, enum reason reason)
{
	berth_leave(&slot->berth, reason, LEAVE_AT_ONCE);
}

void slot_drop_ahead(struct slot *slot, enum reason reason)
{
	berth_leave(&slot->ahead, reason, LEAVE_AT_ONCE);
}

void slot_retire(struct slot *slot, enum reason reason)
{
	slot->live = false;
	slot_vacate(slot, reason);
	berth_leave(&slot->ahead, reason, LEAVE_AT_ONCE);
	incident_end(&slot->incident);
	berth_say(&slot->berth, reason, "");
	lately_end(slot->all->containers->harbour->lately, slot->all->containers->service->name, slot->index, -1,
	           false);
	slot->attempts = 0;
	backoff_reset(&slot->berth.retry);
	backoff_reset(&slot->ahead.retry);
	slot->crashes = (struct crashes){0};
}

/* --- found in the engine's list -------------------------------------------------------------------------------- */

void slot_adopt(struct slot *slot, struct container *container)
{
	berth_put(&slot->berth, container);
	slot->doubt_us = clock_us() + DOUBT_US;
	slot->live = true;
	want_now(slot);
}

void slot_adopt_ahead(struct slot *slot, struct container *container)
{
	berth_put(&slot->ahead, container);
}
