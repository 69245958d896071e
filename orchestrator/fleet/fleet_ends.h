/* fleet_ends: how the last 64 backends of a service that ended did so. Pure; all zero is ready for use.
 *
 * A request that was on a backend when its connection broke asks: is the request to blame? Not where somebody else killed the
 * container. The supervisor learns that from the engine, often some milliseconds after the connection broke.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLEET_ENDS 64

struct fleet_ends {
	struct fleet_end {
		uint64_t serial; /* 0: none */
		bool killed;
	} ring[FLEET_ENDS];
	size_t next;
};

/* The first word about a backend counts. killed: by somebody else; false: by itself, or by us because it was ill. */
void fleet_ends_note(struct fleet_ends *ends, uint64_t serial, bool killed);

/* NULL: the backend has not ended as far as is known, or too long ago. Borrowed until the next note. */
const struct fleet_end *fleet_ends_find(const struct fleet_ends *ends, uint64_t serial);
