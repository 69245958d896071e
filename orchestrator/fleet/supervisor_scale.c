/* supervisor_scale: the scaler's number -> which slots are live.
 *
 * Growth takes the lowest slots that are empty, then those whose last container still drains (they start when it is
 * gone, so a slot never runs two). Shrinking retires the highest; slot 0 is the last. A live slot counts towards what
 * is wanted from the moment it is live, whatever state its container is in, so nothing is started twice.
 *
 * From nothing (min 0): a counted request asks for the first container at once; while a request waits or is served,
 * whether counted or not, and however long ago its window ended, the number does not stay 0.
 *
 * While the engine is away nothing is taken away: what leaves could be neither stopped nor started again.
 */
#include "orchestrator/fleet/supervisor_private.h"

#include "common/clock.h"
#include "common/log.h"

static void decision_log(const struct supervisor *supervisor, const struct scaler_decision *decision, const char *why)
{
	log_info("event=scale service=%s n=%llu from=%d wanted=%d why=%s", supervisor->service->name,
	         (unsigned long long)decision->count, decision->from, decision->wanted, why);
}

void supervisor_count_request(struct supervisor *supervisor)
{
	bool open = supervisor->scaler.open;
	struct scaler_decision decision = scaler_count(&supervisor->scaler, clock_us());

	if (decision.changed || decision.window_ended)
		decision_log(supervisor, &decision, decision.window_ended ? "window" : "early");
	if (decision.changed || decision.window_ended || !open)
		supervisor_soon(supervisor);
}

void supervisor_set_waiting(struct supervisor *supervisor, size_t requests)
{
	supervisor->waiting = requests;
	if (requests > 0 && supervisor->scaler.wanted == 0)
		supervisor_soon(supervisor);
}

bool supervisor_scale(struct supervisor *supervisor, int wanted, struct err *err)
{
	const struct config_scale *scale = &supervisor->service->scale;
	struct scaler_decision decision;

	if (wanted < scale->min || wanted > scale->max)
		return err_set(err, "wanted: %d is not within %lld..%lld", wanted, (long long)scale->min,
		               (long long)scale->max);
	if (supervisor->stopping)
		return err_set(err, "the service is being stopped");
	decision = scaler_ask(&supervisor->scaler, wanted);
	decision_log(supervisor, &decision, "operator");
	supervisor_soon(supervisor);
	return true;
}

/* Nothing runs there. What was created ahead for it is welcome, and what has ended (after a reboot, say) is on its way. */
static bool slot_empty(const struct supervisor *supervisor, int index)
{
	const struct container *container;

	TAILQ_FOREACH (container, &supervisor->containers, link)
		if (container->slot == index && container->use != CONTAINER_NEXT && container->may_run &&
		    !container->gone)
			return false;
	return true;
}

static struct slot *lowest_free(struct supervisor *supervisor, bool empty)
{
	for (int i = 0; i < (int)supervisor->service->scale.max; i++) {
		struct slot *slot = supervisor_slot_of(supervisor, i);

		if (!slot->live && (!empty || slot_empty(supervisor, i)))
			return slot;
	}
	return NULL;
}

static void grow(struct supervisor *supervisor, int by)
{
	for (; by > 0; by--) {
		struct slot *slot = lowest_free(supervisor, true);

		if (slot == NULL)
			slot = lowest_free(supervisor, false);
		if (slot == NULL)
			return;
		slot->live = true;
		slot->wanted_us = clock_us();
		slot->ready_us = NEVER;
		slot->reason = REASON_SCALE_UP;
	}
}

/* The one that is not taken yet, as it serves and of those that stay, the lowest, nobody does; NULL: no matter. */
static const struct slot *last_resort(const struct supervisor *supervisor, int stay)
{
	int live = 0;

	for (size_t i = 0; i < supervisor->slot_count && stay > 0; i++) {
		const struct slot *slot = supervisor->slots[i];

		if (slot->live && slot_ready(slot))
			return live < stay ? NULL : slot;
		live += slot->live;
	}
	return NULL;
}

static void shrink(struct supervisor *supervisor, int by, const struct slot *kept)
{
	by -= kept != NULL;
	for (size_t i = supervisor->slot_count; i > 0 && by > 0; i--) {
		struct slot *slot = supervisor->slots[i - 1];

		if (!slot->live || slot == kept)
			continue;
		slot_retire(supervisor, slot, REASON_SCALE_DOWN);
		by--;
	}
}

/* The slot of a container that drains is not free before that is over (or drain_ms): there would be nobody to serve. */
static bool serves_some(const struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->slot_count; i++) {
		const struct slot *slot = supervisor->slots[i];

		if (slot->live && slot_ready(slot) && backend_in_flight(slot_current(slot)->backend) > 0)
			return true;
	}
	return false;
}

static void keep_one(struct supervisor *supervisor)
{
	bool waiting = supervisor->waiting > 0;
	struct scaler_decision decision;

	if (supervisor->scaler.wanted > 0 || !(waiting || serves_some(supervisor)))
		return;
	decision = scaler_wake(&supervisor->scaler, clock_us());
	decision_log(supervisor, &decision, waiting ? "waiting" : "in-flight");
}

static void retire_beyond_max(struct supervisor *supervisor)
{
	for (size_t i = (size_t)supervisor->service->scale.max; i < supervisor->slot_count; i++)
		if (supervisor->slots[i]->live)
			slot_retire(supervisor, supervisor->slots[i], REASON_SCALE_DOWN);
}

void scale_step(struct supervisor *supervisor)
{
	struct scaler_decision decision;
	int live = 0;

	while ((decision = scaler_tick(&supervisor->scaler, clock_us())).window_ended)
		decision_log(supervisor, &decision, "window");
	keep_one(supervisor);
	if (supervisor->scaler.open)
		supervisor_wake(supervisor, scaler_deadline_us(&supervisor->scaler));
	if (supervisor->engine_up)
		retire_beyond_max(supervisor);
	for (size_t i = 0; i < supervisor->slot_count; i++)
		live += supervisor->slots[i]->live;
	if (live < supervisor->scaler.wanted)
		grow(supervisor, supervisor->scaler.wanted - live);
	else if (supervisor->engine_up)
		shrink(supervisor, live - supervisor->scaler.wanted,
		       last_resort(supervisor, supervisor->scaler.wanted));
}
