/* fleet_ends: a ring, the oldest end is overwritten. */
#include "orchestrator/fleet/fleet_ends.h"

const struct fleet_end *fleet_ends_find(const struct fleet_ends *ends, uint64_t serial)
{
	for (size_t i = 0; i < FLEET_ENDS; i++)
		if (ends->ring[i].serial == serial)
			return &ends->ring[i];
	return NULL;
}

void fleet_ends_note(struct fleet_ends *ends, uint64_t serial, bool killed)
{
	if (fleet_ends_find(ends, serial) != NULL)
		return;
	ends->ring[ends->next] = (struct fleet_end){.serial = serial, .killed = killed};
	ends->next = (ends->next + 1) % FLEET_ENDS;
}
