/* slots_scale: the scaler's number -> which slots are live.
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
#include "orchestrator/fleet/slots_scale.h"

#include "common/clock.h"
#include "common/log.h"

void slots_scale_init(struct slots_scale *scale, struct slots *slots)
{
	scale->slots = slots;
	scaler_init(&scale->scaler, &slots->containers->service->scale);
}

static const struct config_service *service_of(const struct slots_scale *scale)
{
	return scale->slots->containers->service;
}

static void ask_step(const struct slots_scale *scale)
{
	step_soon(scale->slots->containers->step);
}

/* Whoever follows decides nothing. */
static void decision_log(const struct slots_scale *scale, const struct scaler_decision *decision, const char *why)
{
	if (scale->slots->containers->following)
		return;
	log_info("event=scale service=%s n=%llu from=%d wanted=%d why=%s", service_of(scale)->name,
	         (unsigned long long)decision->count, decision->from, decision->wanted, why);
}

void slots_scale_count(struct slots_scale *scale)
{
	bool open = scale->scaler.open;
	struct scaler_decision decision = scaler_count(&scale->scaler, clock_us());

	if (decision.changed || decision.window_ended)
		decision_log(scale, &decision, decision.window_ended ? "window" : "early");
	if (decision.changed || decision.window_ended || !open)
		ask_step(scale);
}

void slots_scale_count_others(struct slots_scale *scale, uint64_t requests, bool waiting)
{
	struct scaler_decision decision = {.wanted = scale->scaler.wanted};

	if (requests > 0)
		decision = scaler_count_others(&scale->scaler, clock_us(), requests);
	else if (waiting && scale->scaler.wanted == 0)
		decision = scaler_wake(&scale->scaler, clock_us());
	if (decision.changed || decision.window_ended)
		decision_log(scale, &decision, decision.window_ended ? "window" : "peers");
	ask_step(scale);
}

void slots_scale_waiting(struct slots_scale *scale, size_t requests)
{
	scale->waiting = requests;
	if (requests > 0 && scale->scaler.wanted == 0)
		ask_step(scale);
}

bool slots_scale_ask(struct slots_scale *scale, int wanted, struct err *err)
{
	const struct config_scale *config = &service_of(scale)->scale;
	struct scaler_decision decision;

	if (wanted < config->min || wanted > config->max)
		return err_set(err, "wanted: %d is not within %lld..%lld", wanted, (long long)config->min,
		               (long long)config->max);
	decision = scaler_ask(&scale->scaler, wanted);
	decision_log(scale, &decision, "operator");
	ask_step(scale);
	return true;
}

void slots_scale_adopted(struct slots_scale *scale)
{
	int live = slots_live(scale->slots);
	struct scaler_decision decision = scaler_adopt(&scale->scaler, clock_us(), live);

	log_info("event=scale service=%s n=0 from=%d wanted=%d why=start found=%d", service_of(scale)->name,
	         decision.from, decision.wanted, live);
}

/* --- more, fewer ----------------------------------------------------------------------------------------------- */

/* No container of the slot runs. The one made ahead is welcome, and one that has ended (after a reboot, say) is on its way out. */
static bool is_empty(const struct slots *slots, int index)
{
	const struct container *container;

	for (container = container_in_place(slots->containers, index, SPARE_NONE, NULL); container != NULL;
	     container = container_in_place(slots->containers, index, SPARE_NONE, container))
		if (!container->ahead && container->may_run && !container->gone)
			return false;
	return true;
}

static struct slot *lowest_free(struct slots *slots, bool empty)
{
	for (int i = 0; i < (int)slots->containers->service->scale.max; i++) {
		struct slot *slot = slot_of(slots, i);

		if (!slot->live && (!empty || is_empty(slots, i)))
			return slot;
	}
	return NULL;
}

static void grow(struct slots *slots, int by)
{
	for (; by > 0; by--) {
		struct slot *slot = lowest_free(slots, true);

		if (slot == NULL)
			slot = lowest_free(slots, false);
		if (slot == NULL)
			return;
		slot_open(slot);
	}
}

/* Shrinking keeps the lowest `stay` slots. If none of those serves, this is the lowest slot above them that does: it is kept
 * until one of them is ready. NULL: one of them serves, or no slot does. */
static const struct slot *last_resort(const struct slots *slots, int stay)
{
	int live = 0;

	for (size_t i = 0; i < slots->count && stay > 0; i++) {
		const struct slot *slot = slots->items[i];

		if (slot->live && slot_ready(slot))
			return live < stay ? NULL : slot;
		live += slot->live;
	}
	return NULL;
}

static void shrink(struct slots *slots, int by, const struct slot *kept)
{
	by -= kept != NULL;
	for (size_t i = slots->count; i > 0 && by > 0; i--) {
		struct slot *slot = slots->items[i - 1];

		if (!slot->live || slot == kept)
			continue;
		slot_retire(slot, REASON_SCALE_DOWN);
		by--;
	}
}

/* The slot of a container that drains is not free before that is over (or drain_ms): there would be nobody to serve. */
static bool serves_some(const struct slots *slots)
{
	for (size_t i = 0; i < slots->count; i++) {
		const struct slot *slot = slots->items[i];

		if (slot->live && slot_ready(slot) && backend_in_flight(berth_backend(&slot->berth)) > 0)
			return true;
	}
	return false;
}

static void keep_one(struct slots_scale *scale)
{
	bool waiting = scale->waiting > 0;
	struct scaler_decision decision;

	if (scale->scaler.wanted > 0 || !(waiting || serves_some(scale->slots)))
		return;
	decision = scaler_wake(&scale->scaler, clock_us());
	decision_log(scale, &decision, waiting ? "waiting" : "in-flight");
}

static void retire_beyond_max(struct slots *slots)
{
	for (size_t i = (size_t)slots->containers->service->scale.max; i < slots->count; i++)
		if (slots->items[i]->live)
			slot_retire(slots->items[i], REASON_SCALE_DOWN);
}

void slots_scale_step(struct slots_scale *scale)
{
	struct slots *slots = scale->slots;
	int wanted, live;
	struct scaler_decision decision;

	while ((decision = scaler_tick(&scale->scaler, clock_us())).window_ended)
		decision_log(scale, &decision, "window");
	if (slots->containers->following) {
		scaler_follow(&scale->scaler, slots_live(slots));
		return;
	}
	keep_one(scale);
	if (scale->scaler.open)
		step_by(slots->containers->step, scaler_deadline_us(&scale->scaler));
	if (slots->containers->engine_up)
		retire_beyond_max(slots);
	live = slots_live(slots);
	wanted = scale->scaler.wanted;
	if (live < wanted)
		grow(slots, wanted - live);
	else if (slots->containers->engine_up)
		shrink(slots, live - wanted, last_resort(slots, wanted));
}
