/* incident: short names for faults.
 *
 * A service counts its incidents from a random number on: no id comes twice within 2^32 of them, and two services, or two
 * processes one after the other, are unlikely to use the same. Invariant: id is empty exactly while no incident is open.
 */
#include "orchestrator/fleet/incident.h"

#include "common/clock.h"

#include <stdio.h>
#include <sys/random.h>

static uint32_t name_next(struct incident_names *names)
{
	if (!names->begun && getrandom(&names->last, sizeof(names->last), GRND_NONBLOCK) == -1)
		names->last = (uint32_t)clock_us();
	names->begun = true;
	return ++names->last;
}

void incident_begin(struct incident *incident, struct incident_names *names)
{
	snprintf(incident->id, sizeof(incident->id), "%08x", (unsigned)name_next(names));
	incident->t0_us = clock_us();
}

void incident_end(struct incident *incident)
{
	incident->id[0] = '\0';
	incident->t0_us = 0;
}

bool incident_open(const struct incident *incident)
{
	return incident->id[0] != '\0';
}

const char *incident_text(const struct incident *incident)
{
	return incident_open(incident) ? incident->id : "-";
}
