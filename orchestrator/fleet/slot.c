/* slot: what can be seen of one slot. Changes nothing. */
#include "orchestrator/fleet/slot.h"

#include "common/clock.h"
#include "common/mem.h"
#include "orchestrator/fleet/holders.h"

#include <assert.h>

#define NAME_PATIENCE_US 20000000

struct slot *slot_of(struct slots *slots, int index)
{
	assert(index >= 0);
	while (slots->count <= (size_t)index) {
		struct slot *slot = mem_zero(sizeof(*slot));

		slot->all = slots;
		slot->index = (int)slots->count;
		slot->ready_us = NEVER;
		slot->ended_us = INT64_MIN / 2;
		berth_init(&slot->berth, slots->berths, BERTH_SLOT, slot->index, slots->containers);
		berth_init(&slot->ahead, slots->berths, BERTH_AHEAD, slot->index, slots->containers);
		slots->items = mem_array(slots->items, slots->count + 1, sizeof(struct slot *));
		slots->items[slots->count++] = slot;
	}
	return slots->items[index];
}

bool slot_ready(const struct slot *slot)
{
	return berth_ready(&slot->berth);
}

const struct incident *slot_incident(const struct slot *slot)
{
	const struct container *container = berth_container(&slot->berth);

	return container != NULL ? container_incident(container) : &slot->incident;
}

bool slot_unprepared(const struct slot *slot)
{
	const struct revisions *revisions = slot->all->revisions;

	return slot->live && berth_container(&slot->berth) == NULL && berth_container(&slot->ahead) == NULL &&
	       revisions->retry.level > 0 && !revisions_prepared(revisions);
}

bool slot_lacks(const struct slot *slot)
{
	return slot_unprepared(slot) && slot->all->revisions->reason != REASON_ENGINE_DOWN;
}

bool slot_comes(const struct slot *slot)
{
	const struct berth *berth = &slot->berth;

	if (!slot->live || slot_ready(slot) || slot_lacks(slot))
		return false;
	if (berth->reason == REASON_CRASH_LOOP && slot->back_off_untold)
		return true;
	return berth->retry.next_us <= clock_us() + PORT_RETRY_US &&
	       (berth->retry.level == 0 || berth->reason == REASON_ENGINE_DOWN);
}

/* How often it has to be refused for this before nobody waits for it; 0: that is no obstacle. */
static unsigned refusals_enough(enum reason reason)
{
	switch (reason) {
	case REASON_NO_IMAGE:
		return 1;
	case REASON_NAME_TAKEN:
	case REASON_PORT_TAKEN:
	case REASON_NO_NETWORK:
	case REASON_NO_VOLUME:
	case REASON_NO_SPACE:
	case REASON_CREATE_FAILED:
	case REASON_START_FAILED:
		return 2;
	default:
		return 0;
	}
}

/* A try is under way that went well so far. A container that waits to have its port was refused that. */
static bool is_coming(const struct berth *berth)
{
	const struct container *container = berth_container(berth);

	return container != NULL && container->phase != CONTAINER_NEW &&
	       (container->call.busy || container->phase != CONTAINER_CREATED || berth->reason != REASON_PORT_TAKEN);
}

/* An engine frees the name of a container a while after its end, and may deny by then that there is such a container. */
static bool name_gets_free(const struct slot *slot)
{
	return slot->berth.reason == REASON_NAME_TAKEN && clock_us() - slot->ended_us < NAME_PATIENCE_US;
}

bool slot_refused(const struct slot *slot)
{
	unsigned enough = refusals_enough(slot->berth.reason);

	return enough > 0 && slot->berth.retry.level >= enough && !is_coming(&slot->berth) && !name_gets_free(slot);
}

bool slot_waits_for_port(const struct slot *slot)
{
	const struct container *container = berth_container(&slot->berth);

	if (!slot->live || container == NULL || container->phase != CONTAINER_CREATED || container->call.busy)
		return false;
	return slot->berth.reason == REASON_PORT_TAKEN || holders_port_leaves(container);
}
