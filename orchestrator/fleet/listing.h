/* listing: what the engine has, as of one moment. */
#pragma once

#include "orchestrator/engine/engine.h"

#include <stddef.h>
#include <stdint.h>

struct engine_listing {
	const struct engine_container *containers; /* of this orchestrator's name, in any state; borrowed */
	size_t count;
	int64_t asked_us; /* when the engine was asked (clock_us): what happened to a container after that outweighs the list */
};
