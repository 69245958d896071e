/* supervisor_slot: one slot, from what is to what should be.
 *
 *   nothing there      -> take the container created ahead, else create one
 *   created            -> start it, once the one before is dead
 *   running            -> (health) ready
 *   ready              -> give it the slot's name, create the next one ahead
 *   DOWN               -> a fault: the container leaves at once, an incident is open until the slot serves again
 *
 * Nothing of this is remembered as a state of the slot: a step looks at the containers and does what is missing.
 * Invariant: at most one container of a slot runs; a start is not even tried while the one before may run.
 */
#include "orchestrator/fleet/supervisor_private.h"

#include "common/clock.h"
#include "common/log.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static struct container *that_stays(struct container *container)
{
	return container != NULL && container->use != CONTAINER_LEAVING ? container : NULL;
}

struct container *slot_current(const struct slot *slot)
{
	return that_stays(slot->current);
}

struct container *slot_next(const struct slot *slot)
{
	return that_stays(slot->next);
}

bool slot_ready(const struct slot *slot)
{
	const struct container *container = slot_current(slot);

	return container != NULL && container->backend != NULL && backend_state(container->backend) == BACKEND_READY;
}

/* Its service's name is the revision's: the configuration may have renamed it. */
static void slot_name(const struct revision *revision, const struct slot *slot, const char *suffix,
                      char name[ENGINE_NAME_SIZE])
{
	snprintf(name, ENGINE_NAME_SIZE, "%s_%d%s", revision->spec.service, slot->index, suffix);
}

/* --- faults --- */

static void back_off(struct slot *slot, enum reason reason)
{
	int64_t wait_us = crashes_note(&slot->crashes, slot->ready_us != NEVER);
	char cause[SUPERVISOR_MESSAGE_SIZE];

	if (wait_us == 0)
		return;
	slot->retry.next_us = clock_us() + wait_us;
	slot->reason = REASON_CRASH_LOOP;
	slot->back_off_untold = true;
	message_write(cause, "%s", slot->message[0] != '\0' ? slot->message : "it failed");
	if (slot->crashes.barren >= CRASH_FAULTS)
		message_write(slot->message,
		              "%s (%s, %u times one after the other without a good probe; next try in %.1f s)", cause,
		              reason_text(reason), slot->crashes.barren, (double)wait_us / 1e6);
	else
		message_write(slot->message, "%s (%s, %d times or more within %d s; next try in %.1f s)", cause,
		              reason_text(reason), CRASH_FAULTS, CRASH_WINDOW_US / 1000000, (double)wait_us / 1e6);
}

/* The engine may yet say that somebody killed it. */
static bool end_unexplained(const struct supervisor *supervisor, const struct slot *slot)
{
	const struct container *container;

	TAILQ_FOREACH (container, &supervisor->containers, link)
		if (container->use == CONTAINER_LEAVING && container->slot == slot->index && container->faulty &&
		    container->may_run && !container->by_us)
			return true;
	return false;
}

/* Told when it is certain, and at the latest when it is over. */
static void tell_back_off(const struct supervisor *supervisor, struct slot *slot)
{
	if (!slot->back_off_untold || (!backoff_due(&slot->retry) && end_unexplained(supervisor, slot)))
		return;
	slot->back_off_untold = false;
	log_error("event=backing-off service=%s slot=%d reason=%s incident=%s error=%s", supervisor->service->name,
	          slot->index, reason_text(REASON_CRASH_LOOP), incident_text(&slot->incident),
	          log_quote(slot->message));
}

static void open_incident(struct slot *slot, const struct container *container, enum reason reason)
{
	if (incident_open(&slot->incident))
		return; /* a replacement that failed: the same story goes on */
	if (container->backend != NULL && incident_open(backend_incident(container->backend)))
		slot->incident = *backend_incident(container->backend);
	else
		incident_begin(&slot->incident, backend_group_names(fleet_group(container->supervisor->fleet)));
	slot->incident_reason = reason;
}

static void slot_fault(struct supervisor *supervisor, struct slot *slot)
{
	struct container *container = slot_current(slot);
	enum reason reason = container->backend != NULL ? backend_reason(container->backend)
	                     : container->gone          ? REASON_VANISHED
	                     : container->oom           ? REASON_OOM_KILLED
	                                                : REASON_EXITED;

	open_incident(slot, container, reason);
	slot->faults++;
	slot->reason = reason;
	supervisor->replacements[reason]++;
	container_explain(container, slot->message);
	container_log(LOG_WARN, container, "fault", reason_text(reason), slot->message);
	crashes_calm(&slot->crashes, slot->ready_us);
	container->crash_noted = container_crashed(container, reason);
	if (container->crash_noted)
		back_off(slot, reason);
	slot->ready_us = NEVER;
	container_leave(container, reason, LEAVE_AT_ONCE);
}

/* Its last fault was no crash. */
static void slot_pardon(struct slot *slot)
{
	crashes_pardon(&slot->crashes);
	if (slot->reason != REASON_CRASH_LOOP || backoff_due(&slot->retry))
		return;
	slot->back_off_untold = false;
	slot->reason = REASON_EXITED;
	backoff_hurry(&slot->retry);
	slot->message[0] = '\0';
}

/* --- what the engine would not do --- */

static void slot_failed(struct supervisor *supervisor, struct slot *slot, enum reason reason, const char *message)
{
	int64_t wait_us = backoff_fail(&slot->retry, RETRY_SLOT);

	slot->reason = reason;
	message_write(slot->message, "%s", message);
	log_line(reason == REASON_ENGINE_DOWN ? LOG_WARN : LOG_ERROR,
	         "event=slot-down service=%s slot=%d reason=%s incident=%s retry_ms=%lld error=%s",
	         supervisor->service->name, slot->index, reason_text(reason), incident_text(&slot->incident),
	         (long long)(wait_us / 1000), log_quote(message));
}

/* Our own dead container's port is freed a moment after its death: soon at first, then an eighth later each time. */
static void retry_port(struct slot *slot)
{
	int64_t now_us = clock_us();
	int64_t pause_us = (now_us - slot->ended_us) / 8;

	slot->retry.next_us = now_us + (pause_us > PORT_RETRY_US ? pause_us : PORT_RETRY_US);
	backoff_count(RETRY_SLOT);
}

/* The same container is started again, or located again, after the back-off: where it is in doubt whether it was, and where it
 * waits for its port. */
static void slot_refused(struct supervisor *supervisor, struct slot *slot, const struct failure *failure)
{
	struct container *container = slot->current;
	bool no_port = failure->fault == ENGINE_PORT_TAKEN || failure->fault == ENGINE_PORT_LOST;
	bool in_doubt = engine_in_doubt(failure->fault);

	if (container->phase == CONTAINER_CREATED && no_port && clock_us() - slot->ended_us < PORT_PATIENCE_US) {
		retry_port(slot);
		return;
	}
	if (container->phase == CONTAINER_CREATED && container_goes_without_port(container, failure))
		return;
	slot_failed(supervisor, slot, failure->reason, failure->message);
	supervisor->list_wanted |= in_doubt;
	if (container->phase != CONTAINER_NEW && !in_doubt && !no_port)
		container_leave(container, failure->reason, LEAVE_AT_ONCE);
}

static void ahead_failed(struct slot *slot, const struct failure *failure)
{
	backoff_fail(&slot->ahead, RETRY_AHEAD);
	container_log(LOG_WARN, slot->next, "ahead-failed", reason_text(failure->reason), failure->message);
}

static void slot_look_back(const struct supervisor *supervisor, struct slot *slot)
{
	struct container *container;

	TAILQ_FOREACH (container, &supervisor->containers, link) {
		if (container->slot != slot->index)
			continue;
		if (container->ended_us > slot->ended_us)
			slot->ended_us = container->ended_us;
		if (container_take_excuse(container))
			slot_pardon(slot);
	}
}

void slot_look(struct supervisor *supervisor, struct slot *slot)
{
	struct failure failure;

	slot_look_back(supervisor, slot);
	if (slot->next != NULL && container_take_failure(slot->next, &failure))
		ahead_failed(slot, &failure);
	else if (slot->next != NULL && slot->next->phase == CONTAINER_CREATED)
		backoff_reset(&slot->ahead);
	if (slot->current != NULL && container_take_failure(slot->current, &failure))
		slot_refused(supervisor, slot, &failure);
	slot->current = slot_current(slot);
	slot->next = slot_next(slot);
}

/* --- serving --- */

static void slot_settle(struct supervisor *supervisor, struct slot *slot)
{
	const struct container *container = slot_current(slot);
	int64_t ready_us = backend_since_us(container->backend);

	if (incident_open(&slot->incident)) {
		double seconds = (double)(ready_us - slot->incident.t0_us) / 1e6;

		times_add(&supervisor->times, seconds);
		log_info("event=replaced service=%s slot=%d container=%.12s reason=%s incident=%s took_ms=%.1f",
		         supervisor->service->name, slot->index, container->id, reason_text(slot->incident_reason),
		         incident_text(&slot->incident), seconds * 1e3);
		incident_end(&slot->incident);
	} else {
		log_info("event=serving service=%s slot=%d container=%.12s reason=%s took_ms=%.1f",
		         supervisor->service->name, slot->index, container->id,
		         reason_text(container->adopted ? REASON_ADOPTED : REASON_CREATED),
		         (double)(ready_us - slot->wanted_us) / 1e3);
	}
	slot->ready_us = ready_us;
	slot->message[0] = '\0';
	slot->reason = REASON_NONE;
	backoff_reset(&slot->retry);
}

static void create_ahead(struct supervisor *supervisor, struct slot *slot)
{
	char name[ENGINE_NAME_SIZE];

	slot_name(revisions_for_slots(supervisor), slot, ".next", name);
	if (!revisions_prepared(supervisor) || name_in_use(supervisor, name) || !revisions_may_create_ahead(supervisor))
		return;
	if (!backoff_due(&slot->ahead)) {
		supervisor_wake(supervisor, slot->ahead.next_us);
		return;
	}
	slot->next = container_new(supervisor, CONTAINER_NEXT, slot->index);
	container_create(slot->next, name, revision_port(revisions_for_slots(supervisor), slot->index));
}

/* The slot serves: the rest has time. */
static void slot_tidy(struct supervisor *supervisor, struct slot *slot)
{
	char name[ENGINE_NAME_SIZE];

	slot_name(revisions_of(slot_current(slot)), slot, "", name);
	if (strcmp(slot_current(slot)->name, name) != 0 && !name_in_use(supervisor, name)) {
		if (backoff_due(&slot->rename))
			container_rename(slot_current(slot), name);
		else
			supervisor_wake(supervisor, slot->rename.next_us);
	}
	if (slot_next(slot) == NULL && !slot_current(slot)->busy) /* a rename frees the name only when it is answered */
		create_ahead(supervisor, slot);
}

/* --- filling --- */

static void slot_fill(struct supervisor *supervisor, struct slot *slot)
{
	char name[ENGINE_NAME_SIZE];

	slot->ready_us = NEVER;
	if (slot_next(slot) != NULL) {
		slot->current = slot_next(slot);
		slot->current->use = CONTAINER_CURRENT;
		slot->next = NULL;
		return;
	}
	slot_name(revisions_for_slots(supervisor), slot, "", name);
	if (name_in_use(supervisor, name))
		slot_name(revisions_for_slots(supervisor), slot, ".next", name);
	if (!revisions_prepared(supervisor) || name_in_use(supervisor, name))
		return; /* a step comes when that changes */
	slot->current = container_new(supervisor, CONTAINER_CURRENT, slot->index);
	container_create(slot->current, name, revision_port(revisions_for_slots(supervisor), slot->index));
}

/* The engine says when it has taken a dead container apart; one that has its network late need not wait for that. */
static bool is_over(const struct container *container, const struct container *next)
{
	return container->gone || !container->may_run || (container->exited && next->late_network);
}

static bool slot_vacant(const struct supervisor *supervisor, const struct slot *slot)
{
	const struct container *container;

	TAILQ_FOREACH (container, &supervisor->containers, link)
		if (container->use == CONTAINER_LEAVING && container->slot == slot->index &&
		    !is_over(container, slot_current(slot)))
			return false;
	return true;
}

static void slot_advance(struct supervisor *supervisor, struct slot *slot)
{
	struct container *container = slot_current(slot);

	if (container == NULL || container->busy)
		return;
	switch (container->phase) {
	case CONTAINER_NEW:
		break;
	case CONTAINER_CREATED:
		if (slot_vacant(supervisor, slot) && !container_port_leaves(container))
			container_start(container); /* else a step comes when that is gone */
		break;
	case CONTAINER_STARTED:
		container_locate(container);
		break;
	case CONTAINER_SERVING:
		if (slot_ready(slot))
			slot_tidy(supervisor, slot);
		break;
	}
}

static bool slot_lost(const struct slot *slot)
{
	const struct container *container = slot_current(slot);

	if (container == NULL)
		return false;
	if (container->backend != NULL)
		return backend_state(container->backend) == BACKEND_DOWN;
	return container->dead && !container->busy;
}

/* A list can show a container as running whose die event was over before we listened: its probes are refused, which is
 * no fault before the first good one. So the list is asked for again. */
static void slot_doubt(struct supervisor *supervisor, const struct slot *slot)
{
	struct container *container = slot_current(slot);

	if (container == NULL || !container->adopted || slot->ready_us != NEVER)
		return;
	if (clock_us() >= container->doubt_us) {
		container->doubt_us = clock_us() + DOUBT_US;
		supervisor->list_wanted = true;
	}
	supervisor_wake(supervisor, container->doubt_us);
}

void slot_step(struct supervisor *supervisor, struct slot *slot)
{
	if (slot_lost(slot))
		slot_fault(supervisor, slot);
	if (slot->ready_us == NEVER && slot_ready(slot))
		slot_settle(supervisor, slot);
	if (slot_next(slot) != NULL && (!slot->live || !revisions_next_usable(supervisor, slot)))
		container_leave(slot_next(slot), slot->live ? REASON_ROLL : REASON_SCALE_DOWN, LEAVE_AT_ONCE);
	if (!slot->live || !supervisor->engine_up)
		return;
	slot_doubt(supervisor, slot);
	tell_back_off(supervisor, slot);
	if (!backoff_due(&slot->retry)) {
		supervisor_wake(supervisor, slot->retry.next_us);
		return;
	}
	if (slot_current(slot) == NULL)
		slot_fill(supervisor, slot);
	slot_advance(supervisor, slot);
}

/* --- emptying --- */

void slot_vacate(struct supervisor *supervisor, struct slot *slot, enum reason reason)
{
	slot->wanted_us = clock_us();
	crashes_calm(&slot->crashes, slot->ready_us);
	slot->ready_us = NEVER;
	backoff_hurry(&slot->retry);
	slot->back_off_untold = false;
	if (slot_current(slot) != NULL)
		container_leave(slot_current(slot), reason, LEAVE_AFTER_DRAIN);
	supervisor_soon(supervisor);
}

void slot_retire(struct supervisor *supervisor, struct slot *slot, enum reason reason)
{
	slot->live = false;
	slot_vacate(supervisor, slot, reason);
	if (slot_next(slot) != NULL)
		container_leave(slot_next(slot), reason, LEAVE_AT_ONCE);
	incident_end(&slot->incident);
	slot->message[0] = '\0';
	slot->reason = reason;
	backoff_reset(&slot->retry);
	backoff_reset(&slot->ahead);
	slot->crashes = (struct crashes){0};
}
