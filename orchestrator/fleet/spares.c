/* spares: each from what is to what should be.
 *
 *   nothing there -> create, start, first good probe -> pause -> waits
 *   waits --a slot is not ready--> unpause, probe -> serves in the slot's stead --the slot is ready--> drain -> pause -> waits
 *
 * A spare is NAME_spare_k on port first_port + max + k; it never becomes a slot's container and does not count towards
 * max. Each time it stands in it is another backend (DOWN is final), so the proxy keeps no connection into a paused
 * container. While it shows for the first time that it works, its backend is no member of the fleet.
 * Invariant: paused only without a backend; in the fleet only while it stands in, or drains after that.
 */
#include "orchestrator/fleet/spares.h"

#include "common/clock.h"
#include "common/log.h"
#include "orchestrator/fleet/container_ends.h"
#include "orchestrator/fleet/container_verbs.h"
#include "orchestrator/fleet/follow.h"
#include "orchestrator/fleet/holders.h"
#include "orchestrator/fleet/spare_stand_in.h"

#include <stdlib.h>
#include <string.h>

#define CALM_US 60000000 /* twice the longest wait: of one that lives through its failures */

void spares_init(struct spares *spares, struct berths *berths, const struct slots *slots, const struct roll *roll)
{
	spares->containers = slots->containers;
	spares->berths = berths;
	spares->revisions = slots->revisions;
	spares->slots = slots;
	spares->roll = roll;
}

void spares_clear(struct spares *spares)
{
	for (size_t i = 0; i < spares->count; i++)
		free(spares->items[i]);
	free(spares->items);
}

void spares_engine_down(struct spares *spares)
{
	spares->told_runs_on = false;
}

/* --- failures -------------------------------------------------------------------------------------------------- */

static void leave(struct spare *spare, enum reason reason, enum leave_how how)
{
	berth_leave(&spare->berth, reason, how);
	spare->slot = SLOT_NONE;
}

/* A container that was well for so long: what failed before is another story. */
static void calm(struct spare *spare)
{
	if (berth_container(&spare->berth) != NULL && clock_us() - spare->born_us >= CALM_US)
		backoff_reset(&spare->berth.retry);
}

/* Some engines cannot pause at all: a spare that runs on stands in as well. */
static void tell_runs_on(struct spare *spare, const struct failure *failure)
{
	if (spare->all->told_runs_on)
		return;
	spare->all->told_runs_on = true;
	log_warn("event=spare-runs-on service=%s name=%s reason=%s error=%s", spare->all->containers->service->name,
	         berth_container(&spare->berth)->name, engine_fault_text(failure->fault), log_quote(failure->message));
}

/* A pause that failed may have been done all the same: the list tells. */
static void pause_failed(struct spare *spare, const struct failure *failure)
{
	bool refused = failure->fault == ENGINE_REFUSED;

	if (refused && failure->verb == CONTAINER_PAUSE) {
		tell_runs_on(spare, failure);
		return;
	}
	container_log(LOG_WARN, berth_container(&spare->berth),
	              failure->verb == CONTAINER_PAUSE ? "pause-failed" : "unpause-failed",
	              engine_fault_text(failure->fault), failure->message);
	if (failure->fault == ENGINE_NOT_FOUND)
		return;
	if (refused)
		calm(spare);
	backoff_fail(&spare->berth.retry, RETRY_SPARE);
	if (refused)
		leave(spare, REASON_REPLACED, LEAVE_AT_ONCE);
	else
		containers_want_list(spare->all->containers);
}

static void failed(struct spare *spare, const struct failure *failure)
{
	if (failure->verb == CONTAINER_PAUSE || failure->verb == CONTAINER_UNPAUSE) {
		pause_failed(spare, failure);
		return;
	}
	if (failure->reason != REASON_ENGINE_DOWN)
		calm(spare); /* else it is the same container that is tried again */
	(void)berth_refused(&spare->berth, failure);
}

/* A spare that was killed by hand is made anew at once; one that keeps dying is not, as a slot's container. */
static void back_off(struct spare *spare, enum reason reason)
{
	struct container *container = berth_container(&spare->berth);

	crashes_calm(&spare->crashes, spare->born_us);
	backoff_hurry(&spare->berth.retry);
	if (containers_look_on(container->all) || !container_crashed(container, reason))
		return;
	container_blame(container);
	berth_wait(&spare->berth, crashes_note(&spare->crashes, spare->warm));
}

static void fault(struct spare *spare)
{
	enum reason reason = berth_fault(&spare->berth);

	back_off(spare, reason);
	container_log(LOG_WARN, berth_container(&spare->berth), "spare-lost", reason_text(reason),
	              spare->berth.message);
	leave(spare, reason, LEAVE_AT_ONCE);
}

/* A container that the spare had, and whose end was counted as a crash, may be excused by now. */
static void look_back(struct spare *spare)
{
	struct container *container;

	BERTH_FOREACH_HAD (container, &spare->berth) {
		if (container_take_heard(container))
			berth_hear(&spare->berth, container);
		if (!container_take_excuse(container))
			continue;
		crashes_pardon(&spare->crashes);
		if (berth_container(&spare->berth) == NULL)
			backoff_hurry(&spare->berth.retry);
	}
}

static void look(struct spare *spare)
{
	struct failure failure;

	look_back(spare);
	if (berth_look(&spare->berth, &failure))
		failed(spare, &failure);
	if (berth_container(&spare->berth) == NULL)
		spare->slot = SLOT_NONE;
}

void spares_look(struct spares *spares)
{
	for (size_t i = 0; i < spares->count; i++)
		look(spares->items[i]);
}

/* --- one spare ------------------------------------------------------------------------------------------------- */

static void make(struct spare *spare)
{
	struct spares *all = spare->all;
	char name[ENGINE_NAME_SIZE];

	berth_name(&spare->berth, all->revisions->newest, name);
	if (!all->revisions->prepared || holders_name_in_use(all->containers, name) || slots_pending(all->slots) ||
	    !roll_settled(all->roll))
		return; /* a step comes when that changes; a revision is tried by a roll, not by spares */
	berth_make(&spare->berth, all->revisions->newest, name);
	spare->warm = false;
	spare->born_us = clock_us();
}

/* The slot serves: its stand-in has served its turn, or was not needed after all. */
static void drain(struct container *container)
{
	if (backend_state(container->backend) == BACKEND_READY)
		(void)container_drain(container, REASON_SPARE);
	if (backend_state(container->backend) == BACKEND_STARTING)
		container_rest(container, REASON_SPARE); /* shows now that it is well */
	else if (backend_state(container->backend) == BACKEND_DRAINING && container_drained(container))
		container_rest(container, REASON_SPARE);
}

static void serving(struct spare *spare, struct container *container)
{
	bool ready = container_ready(container), stands_in = spare->slot != SLOT_NONE;

	spare->warm |= ready;
	if (stands_in && !container->in_fleet)
		container_rest(container,
		               REASON_SPARE); /* its next one is a member: requests held are told when it is ready */
	else if (stands_in && ready && !spare->told)
		stand_in_settle(spare);
	else if (!stands_in && container->in_fleet)
		drain(container);
	else if (!stands_in && ready)
		container_rest(container, REASON_SPARE);
}

static void pause(struct container *container, bool pause)
{
	if (containers_may_act(container->all))
		container_pause(container, pause);
}

static void started(const struct spare *spare, struct container *container)
{
	bool stands_in = spare->slot != SLOT_NONE;

	if (!backoff_due(&container->retry))
		step_by(container->all->step, container->retry.next_us);
	else if (container->paused && stands_in)
		pause(container, false);
	else if (!container->paused && (stands_in || !spare->warm))
		container_locate(container, stands_in);
	else if (!container->paused && !container->runs_on)
		pause(container, true);
}

static void advance(struct spare *spare)
{
	struct container *container = berth_container(&spare->berth);

	if (container->call.busy)
		return;
	switch (container->phase) {
	case CONTAINER_NEW:
		break;
	case CONTAINER_CREATED:
		berth_advance(&spare->berth, !slots_pending(spare->all->slots));
		break;
	case CONTAINER_STARTED:
		started(spare, container);
		break;
	case CONTAINER_SERVING:
		serving(spare, container);
		break;
	}
}

/* A spare that stands in may be the only one that serves, and stays until its slot does; unless that cannot for want of the
 * port. */
static bool holds_its_slots_port(const struct spare *spare, const struct container *container)
{
	return container->host_port != 0 &&
	       container->host_port == revision_port(revisions_for_slots(spare->all->revisions), spare->slot);
}

/* Too many, on a port that is another's now, or made from what is not the newest? */
static bool is_unwanted(const struct spare *spare, const struct container *container)
{
	if (container->backend != NULL && backend_state(container->backend) == BACKEND_DRAINING)
		return false;
	if (spare->slot != SLOT_NONE)
		return holds_its_slots_port(spare, container);
	if (!spare_fits(spare))
		return true;
	return revisions_stale(spare->all->revisions, container) && roll_settled(spare->all->roll);
}

static void spare_step(struct spare *spare)
{
	const struct spares *all = spare->all;
	const struct container *container;

	if (berth_lost(&spare->berth) && !follow_keep(&spare->berth))
		fault(spare);
	if (berth_evicted(&spare->berth))
		leave(spare, REASON_EVICTED, LEAVE_AFTER_DRAIN);
	container = berth_container(&spare->berth);
	if (container != NULL && containers_may_act(all->containers) && is_unwanted(spare, container)) {
		leave(spare, revisions_stale(all->revisions, container) ? REASON_ROLL : REASON_SCALE_DOWN,
		      LEAVE_AFTER_DRAIN);
		container = NULL;
	}
	if (all->containers->following)
		follow_yield(&spare->berth);
	if (!(all->containers->engine_up || containers_look_on(all->containers)) ||
	    (container == NULL && spare->index >= all->containers->service->scale.spares))
		return;
	if (!backoff_due(&spare->berth.retry))
		step_by(all->containers->step, spare->berth.retry.next_us);
	else if (container == NULL && containers_may_act(all->containers))
		make(spare);
	else if (berth_container(&spare->berth) != NULL)
		advance(spare);
}

void spares_step(struct spares *spares)
{
	int64_t wanted = spares->containers->service->scale.spares;

	if (wanted > 0)
		(void)spare_of(spares, (int)wanted - 1);
	stand_ins_assign(spares);
	for (size_t i = 0; i < spares->count; i++)
		spare_step(spares->items[i]);
}

size_t spares_shown(const struct spares *spares)
{
	size_t count = spares->count;

	while (count > (size_t)spares->containers->service->scale.spares &&
	       berth_container(&spares->items[count - 1]->berth) == NULL)
		count--;
	return count;
}

unsigned spares_waiting(const struct spares *spares)
{
	unsigned n = 0;

	for (size_t i = 0; i < spares->count; i++)
		n += spare_waits(spares->items[i]);
	return n;
}

/* --- found in the engine's list -------------------------------------------------------------------------------- */

int spares_index(struct spares *spares, const char *name)
{
	char own[ENGINE_NAME_SIZE];

	for (int i = 0; i < spares->containers->service->scale.spares; i++) {
		berth_name(&spare_of(spares, i)->berth, spares->revisions->newest, own);
		if (strcmp(name, own) == 0)
			return i;
	}
	return SPARE_NONE;
}

bool spares_is_free(struct spares *spares, int index)
{
	return berth_container(&spare_of(spares, index)->berth) == NULL;
}

void spares_adopt(struct spares *spares, struct container *container, const struct engine_container *listed)
{
	struct spare *spare = spare_of(spares, container->spare);

	berth_put(&spare->berth, container);
	spare->born_us = clock_us();
	container_adopt_spare(container, listed);
	spare->warm = container->paused;
	container_log(LOG_INFO, container, "spare-adopted",
	              revisions_stale(spares->revisions, container) ? "roll" : "none", NULL);
}
