/* supervisor_obstacle: can a service get no container before something outside is mended?
 *
 * So it is where each slot that is to serve waits for an image, a network or a volume that is not there, or was refused
 * what it needs a second time: a first refusal may have been of what the next try makes anew, or of what our own last
 * container still holds. An engine that does not answer, a container that is starting, be it a spare or the roll's stand-in,
 * and a slot that backs off after crashes are no obstacles: something may come.
 */
#include "orchestrator/fleet/supervisor_private.h"

bool slot_unprepared(const struct supervisor *supervisor, const struct slot *slot)
{
	return slot->live && slot_current(slot) == NULL && slot_next(slot) == NULL && supervisor->prepare.level > 0 &&
	       !revisions_prepared(supervisor);
}

bool slot_lacks(const struct supervisor *supervisor, const struct slot *slot)
{
	return slot_unprepared(supervisor, slot) && supervisor->prepare_reason != REASON_ENGINE_DOWN;
}

/* How often it has to be refused for this before nobody waits for it; 0: that is no obstacle. */
static unsigned refusals_enough(enum reason reason)
{
	switch (reason) {
	case REASON_NO_IMAGE:
		return 1;
	case REASON_NAME_TAKEN:
	case REASON_PORT_TAKEN:
	case REASON_CREATE_FAILED:
	case REASON_START_FAILED:
		return 2;
	default:
		return 0;
	}
}

/* A try is under way that went well so far. One that waits to have its port was refused that. */
static bool is_coming(const struct slot *slot)
{
	const struct container *container = slot_current(slot);

	return container != NULL && container->phase != CONTAINER_NEW &&
	       (container->busy || container->phase != CONTAINER_CREATED || slot->reason != REASON_PORT_TAKEN);
}

static bool slot_refused(const struct slot *slot)
{
	unsigned enough = refusals_enough(slot->reason);

	return enough > 0 && slot->retry.level >= enough && !is_coming(slot);
}

/* Nothing is said while one of the slots may come; else what the lowest of them has to say. */
bool supervisor_is_obstructed(const struct supervisor *supervisor, struct supervisor_obstacle *obstacle)
{
	bool found = false;

	if (supervisor->stopping || !supervisor->engine_up || roll_extra(supervisor) != NULL)
		return false;
	for (size_t i = supervisor->slot_count; i-- > 0;) {
		const struct slot *slot = supervisor->slots[i];

		if (!slot->live)
			continue;
		if (slot_lacks(supervisor, slot))
			*obstacle =
			        (struct supervisor_obstacle){supervisor->prepare_message, supervisor->prepare.next_us};
		else if (slot_refused(slot))
			*obstacle = (struct supervisor_obstacle){slot->message, slot->retry.next_us};
		else
			return false;
		found = true;
	}
	for (size_t i = 0; i < supervisor->spare_count; i++)
		found = found && !spare_comes(supervisor->spares[i]);
	return found;
}
