/* supervisor_view: what admin and metrics read of a supervisor. Changes nothing. */
#include "orchestrator/fleet/supervisor_private.h"

#include "common/clock.h"

#include <assert.h>
#include <stdio.h>

const double supervisor_time_bounds[SUPERVISOR_TIME_BUCKETS] = {0.02, 0.05, 0.1, 0.25, 0.35, 0.5, 1, 2.5, 10, 60};

void times_add(struct supervisor_times *times, double seconds)
{
	times->count++;
	times->sum += seconds;
	for (int i = 0; i < SUPERVISOR_TIME_BUCKETS; i++)
		if (seconds <= supervisor_time_bounds[i]) {
			times->buckets[i]++;
			return;
		}
}

const struct supervisor_times *supervisor_times(const struct supervisor *supervisor)
{
	return &supervisor->times;
}

uint64_t supervisor_replacements(const struct supervisor *supervisor, enum reason reason)
{
	assert((unsigned)reason < REASON_COUNT);
	return supervisor->replacements[reason];
}

struct fleet *supervisor_fleet(struct supervisor *supervisor)
{
	return supervisor->fleet;
}

struct health *supervisor_health(struct supervisor *supervisor)
{
	return supervisor->health;
}

const struct scaler *supervisor_scaler(const struct supervisor *supervisor)
{
	return &supervisor->scaler;
}

const struct config_service *supervisor_service(const struct supervisor *supervisor)
{
	return supervisor->service;
}

bool supervisor_is_rolling(const struct supervisor *supervisor)
{
	return supervisor->roll.state != ROLL_IDLE;
}

const char *supervisor_roll_failed(const struct supervisor *supervisor)
{
	return supervisor->roll.failed;
}

/* A slot is not given up for what passes by itself: a port that its dead container still holds, an engine that was away, a
 * crash that may yet turn out to be an operator's kill. */
static bool slot_comes(const struct supervisor *supervisor, const struct slot *slot)
{
	int64_t now_us = clock_us();

	if (!slot->live || slot_ready(slot) || slot_lacks(supervisor, slot))
		return false;
	if (slot->reason == REASON_CRASH_LOOP && slot->back_off_untold)
		return true;
	return slot->retry.next_us <= now_us + PORT_RETRY_US &&
	       (slot->retry.level == 0 || slot->reason == REASON_ENGINE_DOWN);
}

bool spare_comes(const struct spare *spare)
{
	return spare->slot != SLOT_EXTRA && spare_container(spare) != NULL && !spare_container(spare)->in_fleet;
}

bool supervisor_is_short(const struct supervisor *supervisor)
{
	if (supervisor->stopping)
		return false;
	if (supervisor->roll.state == ROLL_STAND_IN && supervisor->roll.for_port)
		return true;
	for (size_t i = 0; i < supervisor->spare_count; i++)
		if (spare_comes(supervisor->spares[i]))
			return true;
	for (size_t i = 0; i < supervisor->slot_count; i++)
		if (slot_comes(supervisor, supervisor->slots[i]))
			return true;
	return false;
}

size_t supervisor_container_count(const struct supervisor *supervisor)
{
	const struct container *container;
	size_t count = 0;

	TAILQ_FOREACH (container, &supervisor->containers, link)
		count += container->id[0] != '\0' && !container->gone;
	return count;
}

size_t supervisor_slot_count(const struct supervisor *supervisor)
{
	return supervisor->slot_count;
}

static const char *state_text(const struct supervisor *supervisor, const struct slot *slot)
{
	if (slot_current(slot) != NULL && slot_current(slot)->backend != NULL)
		return backend_state_text(backend_state(slot_current(slot)->backend));
	if (slot->live && (!backoff_due(&slot->retry) || slot_unprepared(supervisor, slot)))
		return "backing-off";
	if (slot_current(slot) != NULL)
		return "creating";
	return slot->live ? "down" : "empty";
}

/* What is wrong with the container that is there comes before what was with the one before. */
static void explain_backend(const struct backend *backend, const char *before, char message[SUPERVISOR_MESSAGE_SIZE])
{
	const char *finding = backend != NULL ? backend_finding(backend) : "";

	snprintf(message, SUPERVISOR_MESSAGE_SIZE, "%s", finding[0] != '\0' ? finding : before);
}

void supervisor_slot_at(const struct supervisor *supervisor, size_t index, struct supervisor_slot *view)
{
	const struct slot *slot = supervisor->slots[index];

	view->slot = slot->index;
	view->state = state_text(supervisor, slot);
	view->backend = slot_current(slot) != NULL ? slot_current(slot)->backend : NULL;
	view->reason = view->backend != NULL && (slot->message[0] == '\0' || backend_finding(view->backend)[0] != '\0')
	                       ? backend_reason(view->backend)
	                       : slot->reason;
	explain_backend(view->backend, slot->message, view->message);
	if (slot_unprepared(supervisor, slot)) {
		view->reason = supervisor->prepare_reason;
		snprintf(view->message, sizeof(view->message), "%s", supervisor->prepare_message);
	}
	view->next_ready = slot_next(slot) != NULL && slot_next(slot)->phase == CONTAINER_CREATED;
	view->faults = slot->faults;
}

size_t supervisor_spare_count(const struct supervisor *supervisor)
{
	size_t count = supervisor->spare_count;

	/* not those that are wanted no more */
	while (count > (size_t)supervisor->service->scale.spares &&
	       spare_container(supervisor->spares[count - 1]) == NULL)
		count--;
	return count;
}

static bool spare_waits(const struct spare *spare)
{
	const struct container *container = spare_container(spare);

	if (container == NULL || spare->slot != SLOT_EXTRA)
		return false;
	return container->paused || (container->runs_on && container->phase == CONTAINER_STARTED);
}

static const char *spare_state_text(const struct spare *spare)
{
	const struct container *container = spare_container(spare);

	if (container == NULL)
		return !backoff_due(&spare->retry) ? "backing-off" : "down";
	if (container->in_fleet)
		return backend_state_text(backend_state(container->backend));
	if (spare_waits(spare))
		return reason_text(REASON_SPARE);
	return container->phase < CONTAINER_STARTED ? "creating" : "starting";
}

void supervisor_spare_at(const struct supervisor *supervisor, size_t index, struct supervisor_spare *view)
{
	const struct spare *spare = supervisor->spares[index];

	view->spare = spare->index;
	view->state = spare_state_text(spare);
	view->slot = spare->slot;
	view->reason = spare->reason;
	explain_backend(spare_container(spare) != NULL ? spare_container(spare)->backend : NULL, spare->message,
	                view->message);
	view->container = spare_container(spare) != NULL ? spare_container(spare)->id : "";
	view->backend = spare_container(spare) != NULL && spare_container(spare)->in_fleet
	                        ? spare_container(spare)->backend
	                        : NULL;
}

unsigned supervisor_spares_waiting(const struct supervisor *supervisor)
{
	unsigned n = 0;

	for (size_t i = 0; i < supervisor->spare_count; i++)
		n += spare_waits(supervisor->spares[i]);
	return n;
}
