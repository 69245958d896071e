/* swarm_role: see the header. */
#include "orchestrator/engine/swarm/swarm_role.h"

#include <stdio.h>
#include <string.h>

static const struct swarm_node *find_leader(const struct swarm_lists *lists)
{
	for (size_t i = 0; i < lists->node_count; i++)
		if (lists->nodes[i].leader)
			return &lists->nodes[i];
	return NULL;
}

bool swarm_role_look(struct swarm_role *role, const struct swarm_lists *lists)
{
	const struct swarm_node *leader = find_leader(lists);
	const struct swarm_role before = *role;

	role->known = true;
	role->leads = leader != NULL && strcmp(leader->id, lists->self) == 0;
	role->leader[0] = '\0';
	if (leader != NULL)
		snprintf(role->leader, sizeof(role->leader), "%s (%s)", leader->host, leader->address);
	return !before.known || before.leads != role->leads || strcmp(before.leader, role->leader) != 0;
}
