/* slot_fault: faults, crash loops, refusals of a slot.
 *
 * A fault opens the slot's incident, if none is open, and so does what the engine refuses it: whatever fails then goes on with
 * the same story. A crash loop waits
 * in the berth's back-off; that it is one is told when it is certain, for the engine may yet say that somebody killed the
 * container, which excuses it.
 */
#include "orchestrator/fleet/slot_fault.h"

#include "common/clock.h"
#include "common/log.h"
#include "orchestrator/base/excerpt.h"
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
		berth_say_more(berth, reason, "it failed");
	if (slot->crashes.barren >= CRASHES_FAULTS)
		excerpt_write(message, sizeof(message), "%s (%s, %u times one after the other without a good probe)",
		              berth->message, reason_text(reason), slot->crashes.barren);
	else
		excerpt_write(message, sizeof(message), "%s (%s, %d times or more within %d s)", berth->message,
		              reason_text(reason), CRASHES_FAULTS, CRASHES_WINDOW_US / 1000000);
	berth_say_more(berth, REASON_CRASH_LOOP, message);
}

/* The engine may yet say that somebody killed it. */
static bool end_unexplained(const struct slot *slot)
{
	const struct container *container;

	BERTH_FOREACH_HAD (container, &slot->berth)
		if (container->faulty && container->may_run && !container->by_us)
			return true;
	return false;
}

void slot_tell_back_off(struct slot *slot)
{
	if (!slot->back_off_untold || (!backoff_due(&slot->berth.retry) && end_unexplained(slot)))
		return;
	slot->back_off_untold = false;
	int64_t wait_us = slot->berth.retry.next_us - clock_us();
	log_error("event=backing-off service=%s slot=%d reason=%s incident=%s retry_ms=%lld error=%s",
	          slot->all->containers->service->name, slot->index, reason_text(REASON_CRASH_LOOP),
	          incident_text(&slot->incident), (long long)(wait_us > 0 ? wait_us / 1000 : 0),
	          log_quote(slot->berth.message));
}

static struct lately *lately_of(const struct slot *slot)
{
	return slot->all->containers->harbour->lately;
}

static struct lately_place place_of(const struct slot *slot, enum lately_what what, const struct incident *incident)
{
	return (struct lately_place){.what = what,
	                             .service = slot->all->containers->service->name,
	                             .slot = slot->index,
	                             .incident = incident->id};
}

static void open_incident(struct slot *slot, struct container *container, enum reason reason, bool refused)
{
	if (!incident_open(&slot->incident)) {
		if (container->backend != NULL && incident_open(backend_incident(container->backend)))
			slot->incident = *backend_incident(container->backend);
		else
			incident_begin(&slot->incident, backend_group_names(fleet_group(slot->all->containers->fleet)));
		slot->incident_reason = reason;
		slot->incident_refused = refused;
	}
	container_join(container, &slot->incident);
}

void slot_fault(struct slot *slot)
{
	struct container *container = berth_container(&slot->berth);
	enum reason reason = berth_fault(&slot->berth);
	bool acts = !containers_look_on(slot->all->containers);

	open_incident(slot, container, reason, false);
	slot->faults++;
	slot->attempts++;
	slot->since_us = clock_us();
	slot->all->replacements[reason] += acts;
	struct lately_place place = place_of(slot, LATELY_FAULT, &slot->incident);
	lately_note(lately_of(slot), &place, reason, slot->berth.cause);
	container_log(LOG_WARN, container, "fault", reason_text(reason), slot->berth.message);
	crashes_calm(&slot->crashes, slot->ready_us);
	if (!acts) {
		containers_want_list(slot->all->containers); /* what comes in its place may be there */
	} else if (container_crashed(container, reason)) {
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

/* The engine's own absence is its story, not the slot's. */
static void slot_refuse(struct slot *slot, const struct failure *failure)
{
	bool away = engine_in_doubt(failure->fault);
	struct lately_place place;

	if (!failure->remake && !away)
		open_incident(slot, slot->berth.container, failure->reason, true);
	if (!berth_refused(&slot->berth, failure))
		return;
	slot->attempts++;
	place = place_of(slot, LATELY_REFUSED, &slot->incident);
	if (!away)
		lately_note(lately_of(slot), &place, slot->berth.reason, slot->berth.cause);
}

static void slot_failed(struct slot *slot, const struct failure *failure)
{
	if (failure->verb == CONTAINER_RENAME)
		backoff_fail(&slot->rename, RETRY_RENAME);
	else if (failure->verb == CONTAINER_START && failure_is_port(failure) &&
	         clock_us() - slot->ended_us < PORT_PATIENCE_US)
		retry_port(slot);
	else
		slot_refuse(slot, failure);
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

/* How a container ended, and what it said, is known a while after its fault. */
static void hear(struct slot *slot, const struct container *container)
{
	struct lately_place place = place_of(slot, LATELY_FAULT, &container->incident);
	char cause[CAUSE_SIZE];

	berth_hear(&slot->berth, container);
	if (!container_ended_itself(container) || container->incident.id[0] == '\0')
		return;
	container_cause(container, container->reason, cause);
	lately_explain(lately_of(slot), &place, cause);
}

static void look_back(struct slot *slot)
{
	const struct containers *all = slot->all->containers;
	struct container *container;

	for (container = container_in_place(all, slot->index, SPARE_NONE, NULL); container != NULL;
	     container = container_in_place(all, slot->index, SPARE_NONE, container)) {
		if (container->ended_us > slot->ended_us)
			slot->ended_us = container->ended_us;
		if (container_take_excuse(container))
			slot_pardon(slot);
		if (container_take_heard(container))
			hear(slot, container);
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
