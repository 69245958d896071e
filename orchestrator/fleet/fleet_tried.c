/* fleet_tried: a set of at most FLEET_TRIES serials, searched from the front. */
#include "orchestrator/fleet/fleet_tried.h"

/* Its index; count if it is not there. */
static unsigned find(const struct fleet_tried *tried, uint64_t serial)
{
	unsigned at = 0;

	while (at < tried->count && tried->serials[at] != serial)
		at++;
	return at;
}

bool fleet_tried_has(const struct fleet_tried *tried, uint64_t serial)
{
	return find(tried, serial) < tried->count;
}

void fleet_tried_add(struct fleet_tried *tried, uint64_t serial)
{
	if (tried->count < FLEET_TRIES && !fleet_tried_has(tried, serial))
		tried->serials[tried->count++] = serial;
}

void fleet_tried_remove(struct fleet_tried *tried, uint64_t serial)
{
	unsigned at = find(tried, serial);

	if (at < tried->count)
		tried->serials[at] = tried->serials[--tried->count];
}
