/* docker_engine: containers of a Docker Engine of this host. */
#pragma once

#include "orchestrator/engine/engine.h"

/* on_up or on_down follows. False where docker_socket is too long for a socket's path. */
engine_new docker_engine_new;
