/* orphans: containers of ours in the engine's list whose service is not configured. They are removed, but not at once: whoever
 * started us with the wrong file still has drain_ms to notice.
 */
#pragma once

#include "orchestrator/fleet/listing.h"

#include <stdbool.h>

struct orphans {
	struct engine *engine;
	int64_t until_us; /* they are left alone (clock_us); 0: there was no list yet */
	bool told;        /* that they are */
	int64_t again_us; /* none is removed before (clock_us): lists may come every second */
};

void orphans_begin(struct orphans *orphans, struct engine *engine, int64_t drain_ms); /* with the first list */
/* Tells of, or removes, those of the list that is_orphan says yes to. Returns how many are left alone for now. */
size_t orphans_look(struct orphans *orphans, const struct engine_listing *listing,
                    bool (*is_orphan)(const struct engine_container *listed, const void *arg), const void *arg);
