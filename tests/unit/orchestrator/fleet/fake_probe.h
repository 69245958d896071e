/* fake_probe: probe.h again, for programs whose probes end when and how the test says.  Probes are known by the port of the
 * address that they ask; one for each port is in flight at most, which it checks.
 */
#pragma once

#include "orchestrator/fleet/probe.h"

#define FAKE_PROBES 4

extern struct fake_probe {
	bool in_flight;
	int timeout_ms;     /* as asked for, or as hastened */
	unsigned started;   /* so often */
	int64_t started_us; /* when last */
	probe_done *done;
	void *arg;
} fake_probes[FAKE_PROBES]; /* by port */

void fake_probes_reset(void);
struct address fake_probe_address(int port);

/* The one in flight ends like this. */
void fake_probe_end(int port, enum probe_outcome outcome, int64_t took_us);
