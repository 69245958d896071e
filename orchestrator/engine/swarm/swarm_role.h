/* swarm_role: which manager's orchestrator leads. Raft's leader is Swarm's own choice, and what others write goes by it: of two that
 * think they lead, one gets nothing done. Pure.
 */
#pragma once

#include "orchestrator/engine/engine.h"
#include "orchestrator/engine/swarm/swarm_view.h"

struct swarm_role {
	bool known; /* lists said it once */
	bool leads;
	char leader[ENGINE_HOST_SIZE];
};

/* True: it is another than before. */
bool swarm_role_look(struct swarm_role *role, const struct swarm_lists *lists);
