/* follow: what becomes of a container in a berth while another orchestrator leads (fleet/leading.h).
 *
 *   lost, and runs by all that is known   out of the rotation, and probed anew after a pause: what ails it, the leader judges
 *   lost, and has ended                   the berth lets go of it
 *   not started                           the berth lets go of it: it is taken from the list once it runs
 */
#pragma once

#include "orchestrator/fleet/berth.h"

/* Within a step, before anything else is done with a berth. True: its container is lost, and is kept; there is no fault. */
bool follow_keep(struct berth *berth);

/* A container that was not started leaves, as who follows will not start it. */
void follow_yield(struct berth *berth);
