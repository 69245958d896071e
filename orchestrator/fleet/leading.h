/* leading: does this orchestrator lead, or follow the one that does? With an engine that does not elect it always leads.
 *
 * Who leads acts: it makes, changes and removes containers. Who follows takes what is there, probes it and sends requests to it.
 */
#pragma once

#include "common/err.h"
#include "orchestrator/engine/engine.h"

struct leading {
	bool elects;                   /* the engine does */
	bool leads;                    /* as it told last; before it told: only if it does not elect */
	char leader[ENGINE_HOST_SIZE]; /* as struct engine_role has it */
	unsigned changes;              /* so often it told */
	int64_t noted_us;              /* when another one's file was told to differ (clock_us) */
};

/* Why an order is not taken here: who takes it. */
bool leading_refuse(const struct leading *leading, struct err *err) MUST_CHECK;

/* Another orchestrator's file says something else of this service: in the log, once a minute at most. */
void leading_note_other(struct leading *leading, const char *peer, const char *service);

void leading_begin(struct leading *leading, const struct engine_can *can);
void leading_take(struct leading *leading, const struct engine_role *role);
