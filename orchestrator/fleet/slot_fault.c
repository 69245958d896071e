/* slot_fault: faults, crash loops, refusals of a slot.
 *
 * A fault opens the slot's incident, if none is open: a replacement that fails goes on with the same story. A crash loop waits
 * in the berth's back-off; that it is one is told when it is certain, for the engine may yet say that somebody killed the
 * container, which excuses it.
 */
#include "orchestrator/fleet/slot_fault.h"

#include "common/clock.h"
#include "common/log.h"
#include "orchestrator/fleet/container_ends.h"

#define PORT_PATIENCE_US 3000000 /* after that a port is taken for somebody else's */

static void back_off(struct slot *slot, enum reason reason)
{
	int64_t wait_us = crashes_note(&slot->crashes, slot->ready_us != NEVER);
	struct berth *berth = &slot->berth;
	char message[WORDS_SIZE];

	if (wait_us == 0)
		return;
	berth_wait(berth, wait_us);
	slot->back_off_untold = true;
	if (berth->message[0] == '\0')
		berth_say(berth, reason, "it failed");
	if (slot->crashes.barren >= CRASHES_FAULTS)
		words_write(message, "%s (%s, %u times one after the other without a good probe; next try in %.1f s)",
		            berth->message, reason_text(reason), slot->crashes.barren, (double)wait_us / 1e6);
	else
		words_write(message, "%s (%s, %d times or more within %d s; next try in %.1f s)", berth->message,
		            reason_text(reason), CRASHES_FAULTS, CRASHES_WINDOW_US / 1000000, (double)wait_us / 1e6);
	berth_say(berth, REASON_CRASH_LOOP, message);
}

/* The engine may yet say that somebody killed it. */
static bool end_unexplained(const struct slot *slot)
{
	const struct container *container;

	TAILQ_FOREACH (container, &slot->all->containers->all, link)
		if (berth_had(&slot->berth, container) && container->faulty && container->may_run && !container->by_us)
			return true;
	return false;
}

void slot_tell_back_off(struct slot *slot)
{
	if (!slot->back_off_untold || (!backoff_due(&slot->berth.retry) && end_unexplained(slot)))
		return;
	slot->back_off_untold = false;
	log_error("event=backing-off service=%s slot=%d reason=%s incident=%s error=%s",
	          slot->all->containers->service->name, slot->index, reason_text(REASON_CRASH_LOOP),
	          incident_text(&slot->incident), log_quote(slot->berth.message));
}

static void open_incident(struct slot *slot, struct container *container, enum reason reason)
{
	if (!incident_open(&slot->incident)) {
		if (container->backend != NULL && incident_open(backend_incident(container->backend)))
			slot->incident = *backend_incident(container->backend);
		else
			incident_begin(&slot->incident, backend_group_names(fleet_group(slot->all->containers->fleet)));
		slot->incident_reason = reason;
	}
	container_join(container, &slot->incident);
}

void slot_fault(struct slot *slot)
{
	struct container *container = berth_container(&slot->berth);
	enum reason reason = berth_fault(&slot->berth);

	open_incident(slot, container, reason);
	slot->faults++;
	slot->all->replacements[reason]++;
	container_log(LOG_WARN, container, "fault", reason_text(reason), slot->berth.message);
	crashes_calm(&slot->crashes, slot->ready_us);
	if (container_crashed(container, reason)) {
		container_blame(container);
		back_off(slot, reason);
	}
	slot->ready_us = NEVER;
	berth_leave(&slot->berth, reason, LEAVE_AT_ONCE);
}

/* The slot's last fault was no crash. */
static void slot_pardon(struct slot *slot)
{
	crashes_pardon(&slot->crashes);
	if (slot->berth.reason != REASON_CRASH_LOOP || backoff_due(&slot->berth.retry))
		return;
	slot->back_off_untold = false;
	berth_say(&slot->berth, REASON_EXITED, "");
	backoff_hurry(&slot->berth.retry);
}

/* --- looking --------------------------------------------------------------------------------------------------- */

/* Our own dead container's port is freed a moment after its death: soon at first, then an eighth later each time. */
static void retry_port(struct slot *slot)
{
	int64_t pause_us = (clock_us() - slot->ended_us) / 8;

	berth_wait(&slot->berth, pause_us > PORT_RETRY_US ? pause_us : PORT_RETRY_US);
	backoff_count(RETRY_SLOT);
}

static void slot_failed(struct slot *slot, const struct failure *failure)
{
	if (failure->verb == CONTAINER_RENAME)
		backoff_fail(&slot->rename, RETRY_RENAME);
	else if (failure->verb == CONTAINER_START && failure_is_port(failure) &&
	         clock_us() - slot->ended_us < PORT_PATIENCE_US)
		retry_port(slot);
	else
		(void)berth_refused(&slot->berth, failure);
}

/* A container that was made ahead is not to run, and may not have ended or be gone. */
static void ahead_look(struct slot *slot)
{
	const struct container *container;
	struct failure failure;

	if (berth_look(&slot->ahead, &failure))
		(void)berth_refused(&slot->ahead, &failure);
	container = berth_container(&slot->ahead);
	if (container == NULL || container->phase == CONTAINER_NEW)
		return;
	backoff_reset(&slot->ahead.retry);
	if (container->gone)
		berth_leave(&slot->ahead, REASON_VANISHED, LEAVE_AT_ONCE);
	else if (container->started_outside)
		berth_leave(&slot->ahead, REASON_OPERATOR, LEAVE_AT_ONCE);
	else if (container->exited || container->dead)
		berth_leave(&slot->ahead, REASON_EXITED, LEAVE_AT_ONCE);
}

static void look_back(struct slot *slot)
{
	struct container *container;

	TAILQ_FOREACH (container, &slot->all->containers->all, link) {
		if (container->slot != slot->index)
			continue;
		if (container->ended_us > slot->ended_us)
			slot->ended_us = container->ended_us;
		if (container_take_excuse(container))
			slot_pardon(slot);
	}
}

void slot_look(struct slot *slot)
{
	struct failure failure;

	look_back(slot);
	ahead_look(slot);
	if (berth_look(&slot->berth, &failure))
		slot_failed(slot, &failure);
}
