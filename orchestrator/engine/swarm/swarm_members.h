/* swarm_members: the swarm's nodes as they were told last, in the order of their names. Pure. */
#pragma once

#include "orchestrator/engine/engine.h"
#include "orchestrator/engine/swarm/swarm_view.h"

struct swarm_members {
	struct swarm_node *items;
	size_t count;
	char self[ENGINE_ID_SIZE];
	bool known; /* lists said it once */
};

/* True: there are others than before, or something about one has changed. */
bool swarm_members_look(struct swarm_members *members, const struct swarm_lists *lists);
void swarm_members_tell(const struct swarm_members *members, const struct engine_observer *observer);
void swarm_members_clear(struct swarm_members *members);
