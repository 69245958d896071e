/* swarm_members: see the header. */
#include "orchestrator/engine/swarm/swarm_members.h"

#include "common/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b)
{
	const struct swarm_node *one = a, *other = b;
	int host = strverscmp(one->host, other->host);
	int address = strverscmp(one->address, other->address);

	return host != 0 ? host : address != 0 ? address : strcmp(one->id, other->id);
}

static bool is_as_before(const struct swarm_node *node, const struct swarm_node *before)
{
	return strcmp(node->id, before->id) == 0 && strcmp(node->host, before->host) == 0 &&
	       strcmp(node->address, before->address) == 0 && strcmp(node->state, before->state) == 0 &&
	       node->ready == before->ready && node->manager == before->manager &&
	       node->reachable == before->reachable && node->leader == before->leader;
}

static bool are_as_before(const struct swarm_members *before, const struct swarm_node *items, size_t count)
{
	if (!before->known || before->count != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!is_as_before(&items[i], &before->items[i]))
			return false;
	return true;
}

bool swarm_members_look(struct swarm_members *members, const struct swarm_lists *lists)
{
	struct swarm_node *items = mem_array(NULL, lists->node_count + 1, sizeof(*items));
	bool same;

	for (size_t i = 0; i < lists->node_count; i++)
		items[i] = lists->nodes[i];
	qsort(items, lists->node_count, sizeof(*items), by_name);
	same = are_as_before(members, items, lists->node_count) && strcmp(members->self, lists->self) == 0;
	free(members->items);
	members->items = items;
	members->count = lists->node_count;
	members->known = true;
	snprintf(members->self, sizeof(members->self), "%s", lists->self);
	return !same;
}

void swarm_members_tell(const struct swarm_members *members, const struct engine_observer *observer)
{
	struct engine_node *told = mem_zero((members->count + 1) * sizeof(*told));

	for (size_t i = 0; i < members->count; i++) {
		const struct swarm_node *node = &members->items[i];

		told[i] = (struct engine_node){.host = node->host,
		                               .address = node->address,
		                               .state = node->state,
		                               .self = strcmp(node->id, members->self) == 0,
		                               .ready = node->ready,
		                               .manager = node->manager,
		                               .reachable = node->reachable,
		                               .leader = node->leader};
	}
	observer->on_nodes(told, members->count, observer->arg);
	free(told);
}

void swarm_members_clear(struct swarm_members *members)
{
	free(members->items);
	*members = (struct swarm_members){.items = NULL};
}
