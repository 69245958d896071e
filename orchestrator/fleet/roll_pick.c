/* roll_pick: looks at the slots' containers. Changes nothing. */
#include "orchestrator/fleet/roll_pick.h"

#include "orchestrator/fleet/holders.h"

bool roll_pick_is_stale(const struct slot *slot)
{
	const struct container *container = berth_container(&slot->berth);

	return slot->live && container != NULL && revisions_stale(slot->all->revisions, container);
}

bool roll_pick_is_kept(const struct slots *slots)
{
	for (size_t i = 0; i < slots->count; i++) {
		const struct container *container = berth_container(&slots->items[i]->berth);

		if (slots->items[i]->live && container != NULL && container->kept)
			return true;
	}
	return false;
}

unsigned roll_pick_left(const struct slots *slots, int at)
{
	unsigned left = 0;

	for (size_t i = 0; i < slots->count; i++)
		left += slots->items[i]->live && ((int)i == at || roll_pick_is_stale(slots->items[i]));
	return left;
}

bool roll_pick_is_outdated(const struct slots *slots)
{
	for (size_t i = 0; i < slots->count; i++) {
		const struct slot *slot = slots->items[i];
		const struct container *container = berth_container(&slot->berth);

		if (roll_pick_is_stale(slot) && (container->unknown || container->revision != slots->revisions->newest))
			return true;
	}
	return false;
}

enum roll_what roll_pick_what(const struct slots *slots)
{
	if (roll_pick_next(slots) == NULL)
		return ROLL_PORTS;
	return roll_pick_is_outdated(slots) ? ROLL_ALL : ROLL_REPLACE;
}

/* For where ports move their order matters. */
struct slot *roll_pick_next(const struct slots *slots)
{
	struct slot *stale = NULL;

	for (size_t i = slots->count; i-- > 0;) {
		struct slot *slot = slots->items[i];

		if (!roll_pick_is_stale(slot))
			continue;
		if (stale == NULL ||
		    holders_of_port(slots->containers, berth_port(&slot->berth, slots->revisions->newest),
		                    slot->index) == NULL)
			stale = slot;
	}
	return stale;
}

bool roll_pick_is_blocked(const struct slots *slots)
{
	if (fleet_count_state(slots->containers->fleet, BACKEND_READY) > 0)
		return false;
	for (size_t i = 0; i < slots->count; i++)
		if (slot_waits_for_port(slots->items[i]))
			return true;
	return false;
}

struct revision *roll_pick_port_of(const struct slots *slots)
{
	struct revision *newest = slots->revisions->newest, *previous = slots->revisions->previous;
	const struct config_scale *scale = &slots->containers->service->scale;
	const struct container *holder = holders_of_port(slots->containers, newest->roll_port, SLOT_NONE);

	if (holder == NULL || holder->leaving || previous == NULL ||
	    (previous->roll_port >= newest->first_port &&
	     previous->roll_port < newest->first_port + scale->max + scale->spares))
		return newest;
	return previous;
}
