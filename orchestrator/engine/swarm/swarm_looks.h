/* swarm_looks: what a look at the swarm answers to the verbs list, inspect, start, and stop (see swarm_waits.h). Pure. */
#pragma once

#include "orchestrator/engine/swarm/swarm_waits.h"

swarm_wait_look swarm_look_list, swarm_look_inspect, swarm_look_start, swarm_look_end;
