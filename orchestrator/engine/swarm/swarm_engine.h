/* swarm_engine: containers of a Docker swarm, as a manager of it makes them: on whichever node Swarm chooses, each reached at its
 * node's address. docker_socket is the manager's.
 */
#pragma once

#include "orchestrator/engine/engine.h"

/* on_up or on_down follows. False where docker_socket is too long for a socket's path. */
engine_new swarm_engine_new;
