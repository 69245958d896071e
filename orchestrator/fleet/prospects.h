/* prospects: is a container about to come for the requests that wait, or can none come before something outside is mended?
 * Changes nothing.
 */
#pragma once

#include "orchestrator/fleet/roll.h"
#include "orchestrator/fleet/slots.h"
#include "orchestrator/fleet/spares.h"

struct prospects {
	const struct slots *slots;
	const struct spares *spares;
	const struct roll *roll;
};

/* A container is about to come for a slot that is to serve and does not; it may not be in the fleet yet. Not where the slot
 * backs off. */
bool prospects_short(const struct prospects *prospects);

/* Can nothing come? Then message says why (borrowed from the slot or its revisions), and retry_us when it is tried again. */
bool prospects_obstructed(const struct prospects *prospects, const char **message, int64_t *retry_us);
