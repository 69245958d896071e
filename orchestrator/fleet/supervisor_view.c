/* supervisor_view: what admin and metrics read of a supervisor. Changes nothing. */
#include "orchestrator/fleet/supervisor.h"

#include "orchestrator/fleet/supervisor_parts.h"

#include <assert.h>
#include <stdio.h>

const struct repair_times *supervisor_times(const struct supervisor *supervisor)
{
	return &supervisor_parts(supervisor)->slots.times;
}

uint64_t supervisor_replacements(const struct supervisor *supervisor, enum reason reason)
{
	assert((unsigned)reason < REASON_COUNT);
	return supervisor_parts(supervisor)->slots.replacements[reason];
}

struct fleet *supervisor_fleet(struct supervisor *supervisor)
{
	return supervisor_parts(supervisor)->fleet;
}

struct health *supervisor_health(struct supervisor *supervisor)
{
	return supervisor_parts(supervisor)->health;
}

const struct scaler *supervisor_scaler(const struct supervisor *supervisor)
{
	return &supervisor_parts(supervisor)->scale.scaler;
}

const struct config_service *supervisor_service(const struct supervisor *supervisor)
{
	return supervisor_parts(supervisor)->containers.service;
}

bool supervisor_is_rolling(const struct supervisor *supervisor)
{
	return supervisor_parts(supervisor)->roll.state != ROLL_IDLE;
}

const char *supervisor_roll_failed(const struct supervisor *supervisor)
{
	return supervisor_parts(supervisor)->roll.failed;
}

size_t supervisor_container_count(const struct supervisor *supervisor)
{
	const struct container *container;
	size_t count = 0;

	TAILQ_FOREACH (container, &supervisor_parts(supervisor)->containers.all, link)
		count += container->id[0] != '\0' && !container->gone;
	return count;
}

/* --- slots ----------------------------------------------------------------------------------------------------- */

size_t supervisor_slot_count(const struct supervisor *supervisor)
{
	return supervisor_parts(supervisor)->slots.count;
}

static const char *state_text(const struct slot *slot)
{
	const struct backend *backend = berth_backend(&slot->berth);

	if (backend != NULL)
		return backend_state_text(backend_state(backend));
	if (slot->live && (!backoff_due(&slot->berth.retry) || slot_unprepared(slot)))
		return "backing-off";
	if (berth_container(&slot->berth) != NULL)
		return "creating";
	return slot->live ? "down" : "empty";
}

/* What is wrong with the container that is there counts more than what was wrong with the one before. */
static void explain(const struct berth *berth, char message[SUPERVISOR_MESSAGE_SIZE])
{
	const struct backend *backend = berth_backend(berth);
	const char *finding = backend != NULL ? backend_finding(backend) : "";

	snprintf(message, SUPERVISOR_MESSAGE_SIZE, "%s", finding[0] != '\0' ? finding : berth->message);
}

void supervisor_slot_at(const struct supervisor *supervisor, size_t index, struct supervisor_slot *view)
{
	const struct slot *slot = supervisor_parts(supervisor)->slots.items[index];
	const struct berth *berth = &slot->berth;
	const struct container *ahead = berth_container(&slot->ahead);

	view->slot = slot->index;
	view->state = state_text(slot);
	view->backend = berth_backend(berth);
	view->reason = view->backend != NULL && (berth->message[0] == '\0' || backend_finding(view->backend)[0] != '\0')
	                       ? backend_reason(view->backend)
	                       : berth->reason;
	explain(berth, view->message);
	if (slot_unprepared(slot)) {
		view->reason = supervisor_parts(supervisor)->revisions.reason;
		snprintf(view->message, sizeof(view->message), "%s", supervisor_parts(supervisor)->revisions.message);
	}
	view->next_ready = ahead != NULL && ahead->phase == CONTAINER_CREATED;
	view->faults = slot->faults;
}

/* --- spares ---------------------------------------------------------------------------------------------------- */

size_t supervisor_spare_count(const struct supervisor *supervisor)
{
	return spares_shown(&supervisor_parts(supervisor)->spares);
}

void supervisor_spare_at(const struct supervisor *supervisor, size_t index, struct supervisor_spare *view)
{
	const struct spare *spare = supervisor_parts(supervisor)->spares.items[index];
	const struct container *container = berth_container(&spare->berth);

	view->spare = spare->index;
	view->state = spare_state_text(spare);
	view->slot = spare->slot;
	view->reason = spare->berth.reason;
	explain(&spare->berth, view->message);
	view->container = container != NULL ? container->id : "";
	view->backend = container != NULL && container->in_fleet ? container->backend : NULL;
}

unsigned supervisor_spares_waiting(const struct supervisor *supervisor)
{
	return spares_waiting(&supervisor_parts(supervisor)->spares);
}
