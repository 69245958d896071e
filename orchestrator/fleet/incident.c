/* incident: short unique names for faults.
 *
 * A counter that starts at a random number: unique for 2^32 incidents of one process, and two processes after one
 * another are unlikely to use the same names. Invariant: id is empty exactly while no incident is open.
 */
#include "orchestrator/fleet/incident.h"

#include "common/clock.h"

#include <stdio.h>
#include <sys/random.h>

static uint32_t incident_next(void)
{
	static uint32_t last;
	static bool seeded;

	if (!seeded) {
		if (getrandom(&last, sizeof(last), GRND_NONBLOCK) == -1)
			last = (uint32_t)clock_us();
		seeded = true;
	}
	return ++last;
}

void incident_begin(struct incident *incident)
{
	snprintf(incident->id, sizeof(incident->id), "%08x", (unsigned)incident_next());
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
