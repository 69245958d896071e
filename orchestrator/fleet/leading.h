/* leading: does this orchestrator lead, or follow the one that does? With an engine that does not elect it always leads.
 *
 * Who leads acts: it makes, changes and removes containers. Who follows takes what is there, probes it and sends requests to it.
 */
#pragma once

#include "orchestrator/engine/engine.h"

struct leading {
	bool elects;                   /* the engine does */
	bool leads;                    /* as it told last; before it told: only if it does not elect */
	char leader[ENGINE_HOST_SIZE]; /* as struct engine_role has it */
	unsigned changes;              /* so often it told */
};

void leading_begin(struct leading *leading, const struct engine_can *can);
void leading_take(struct leading *leading, const struct engine_role *role);
