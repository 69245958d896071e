/* prospects: what may come for the requests that wait.
 *
 * Nothing can come where each slot that is to serve waits for an image, a network or a volume that is not there, or was refused
 * what it needs a second time: a first refusal may have been of what the next try makes anew, or of what our own last
 * container still holds. An engine that does not answer, a container that is starting, be it a spare or the roll's stand-in,
 * and a slot that backs off after crashes are no obstacles: something may come.
 */
#include "orchestrator/fleet/prospects.h"

static bool spare_on_its_way(const struct spares *spares)
{
	for (size_t i = 0; i < spares->count; i++)
		if (spare_comes(spares->items[i]))
			return true;
	return false;
}

bool prospects_short(const struct prospects *prospects)
{
	if ((prospects->roll->state == ROLL_STAND_IN && prospects->roll->what == ROLL_PORTS) ||
	    spare_on_its_way(prospects->spares))
		return true;
	for (size_t i = 0; i < prospects->slots->count; i++)
		if (slot_comes(prospects->slots->items[i]))
			return true;
	return false;
}

/* Nothing is said while one of the slots may come; else what the lowest of them has to say. */
bool prospects_obstructed(const struct prospects *prospects, const char **message, int64_t *retry_us)
{
	const struct slots *slots = prospects->slots;
	bool found = false;

	if (!slots->containers->engine_up || berth_container(&prospects->roll->berth) != NULL ||
	    spare_on_its_way(prospects->spares))
		return false;
	for (size_t i = slots->count; i-- > 0;) {
		const struct slot *slot = slots->items[i];

		if (!slot->live)
			continue;
		if (!slot_lacks(slot) && !slot_refused(slot))
			return false;
		*message = slot_lacks(slot) ? slots->revisions->message : slot->berth.message;
		*retry_us = slot_lacks(slot) ? slots->revisions->retry.next_us : slot->berth.retry.next_us;
		found = true;
	}
	return found;
}
