/* sources: where a container's own connections come from, in and out of the set of all that run. Pure. */
#pragma once

#include "orchestrator/base/address_set.h"
#include "orchestrator/engine/engine.h"

/* known: what of one container is in the set, and nothing else of its. */
void sources_change(struct address_set *set, struct engine_sources *known, const struct engine_sources *to);
void sources_forget(struct address_set *set, struct engine_sources *known);
