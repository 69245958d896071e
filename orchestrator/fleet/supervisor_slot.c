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

bool slot_ready(const struct slot *slot)
{
	return slot->current != NULL && slot->current->backend != NULL &&
	       backend_state(slot->current->backend) == BACKEND_READY;
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
	struct container *container = slot->current;
	enum reason reason = container->backend != NULL ? backend_reason(container->backend)
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

void slot_pardon(struct supervisor *supervisor, struct slot *slot)
{
	crashes_pardon(&slot->crashes);
	if (slot->reason != REASON_CRASH_LOOP || backoff_due(&slot->retry))
		return;
	slot->back_off_untold = false;
	slot->reason = REASON_EXITED;
	backoff_hurry(&slot->retry);
	slot->message[0] = '\0';
	supervisor_soon(supervisor);
}

void slot_failed(struct supervisor *supervisor, struct slot *slot, enum reason reason, const char *message)
{
	int64_t wait_us = backoff_fail(&slot->retry, RETRY_SLOT);

	slot->reason = reason;
	message_write(slot->message, "%s", message);
	log_line(reason == REASON_ENGINE_DOWN ? LOG_WARN : LOG_ERROR,
	         "event=slot-down service=%s slot=%d reason=%s incident=%s retry_ms=%lld error=%s",
	         supervisor->service->name, slot->index, reason_text(reason), incident_text(&slot->incident),
	         (long long)(wait_us / 1000), log_quote(message));
}

/* --- serving --- */

static void slot_settle(struct supervisor *supervisor, struct slot *slot)
{
	const struct container *container = slot->current;
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

	slot_name(revisions_of(slot->current), slot, "", name);
	if (strcmp(slot->current->name, name) != 0 && !name_in_use(supervisor, name)) {
		if (backoff_due(&slot->rename))
			container_rename(slot->current, name);
		else
			supervisor_wake(supervisor, slot->rename.next_us);
	}
	if (slot->next == NULL && !slot->current->busy) /* a rename frees the name only when it is answered */
		create_ahead(supervisor, slot);
}

/* --- filling --- */

static void slot_fill(struct supervisor *supervisor, struct slot *slot)
{
	char name[ENGINE_NAME_SIZE];

	slot->ready_us = NEVER;
	if (slot->next != NULL) {
		slot->current = slot->next;
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
		    !is_over(container, slot->current))
			return false;
	return true;
}

static void slot_advance(struct supervisor *supervisor, struct slot *slot)
{
	struct container *container = slot->current;

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
	const struct container *container = slot->current;

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
	struct container *container = slot->current;

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
	if (slot->next != NULL && (!slot->live || !revisions_next_usable(supervisor, slot)))
		container_leave(slot->next, slot->live ? REASON_ROLL : REASON_SCALE_DOWN, LEAVE_AT_ONCE);
	if (!slot->live || !supervisor->engine_up)
		return;
	slot_doubt(supervisor, slot);
	tell_back_off(supervisor, slot);
	if (!backoff_due(&slot->retry)) {
		supervisor_wake(supervisor, slot->retry.next_us);
		return;
	}
	if (slot->current == NULL)
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
	if (slot->current != NULL)
		container_leave(slot->current, reason, LEAVE_AFTER_DRAIN);
	supervisor_soon(supervisor);
}

void slot_retire(struct supervisor *supervisor, struct slot *slot, enum reason reason)
{
	slot->live = false;
	slot_vacate(supervisor, slot, reason);
	if (slot->next != NULL)
		container_leave(slot->next, reason, LEAVE_AT_ONCE);
	incident_end(&slot->incident);
	slot->message[0] = '\0';
	slot->reason = reason;
	backoff_reset(&slot->retry);
	backoff_reset(&slot->ahead);
	slot->crashes = (struct crashes){0};
}
