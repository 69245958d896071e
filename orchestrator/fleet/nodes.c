/* nodes: see the header. */
#include "orchestrator/fleet/nodes.h"

#include "common/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void take(struct node *node, const struct engine_node *told)
{
	struct address address;

	node->self = told->self;
	node->ready = told->ready;
	node->manager = told->manager;
	node->reachable = told->reachable;
	node->leader = told->leader;
	snprintf(node->host, sizeof(node->host), "%s", told->host);
	snprintf(node->address, sizeof(node->address), "%s", told->address);
	snprintf(node->state, sizeof(node->state), "%s", told->state);
	if (address_of_host(told->address, 0, &address))
		(void)address_to_v6((const struct sockaddr *)&address.addr, &node->ip);
	snprintf(node->name, sizeof(node->name), "%s (%s)", node->host, node->address);
}

void nodes_take(struct nodes *nodes, const struct engine_node *told, size_t count)
{
	free(nodes->items);
	nodes->items = mem_zero((count + 1) * sizeof(*nodes->items));
	nodes->count = count;
	nodes->changes++;
	for (size_t i = 0; i < count; i++)
		take(&nodes->items[i], &told[i]);
}

void nodes_clear(struct nodes *nodes)
{
	free(nodes->items);
	nodes->items = NULL;
	nodes->count = 0;
}

const struct node *nodes_find(const struct nodes *nodes, const struct address *address)
{
	struct in6_addr ip;

	if (address->len == 0 || !address_to_v6((const struct sockaddr *)&address->addr, &ip))
		return NULL;
	for (size_t i = 0; i < nodes->count; i++)
		if (memcmp(&nodes->items[i].ip, &ip, sizeof(ip)) == 0)
			return &nodes->items[i];
	return NULL;
}

const struct node *nodes_own(const struct nodes *nodes)
{
	for (size_t i = 0; i < nodes->count; i++)
		if (nodes->items[i].self)
			return &nodes->items[i];
	return NULL;
}
