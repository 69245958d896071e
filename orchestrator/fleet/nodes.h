/* nodes: the hosts that containers may be on, as the engine told them last; none by an engine of one host. Pure. */
#pragma once

#include "orchestrator/base/address.h"
#include "orchestrator/engine/engine.h"

#define NODE_NAME_SIZE (ENGINE_HOST_SIZE + INET6_ADDRSTRLEN + 4)

struct node {
	char name[NODE_NAME_SIZE]; /* "two (10.0.0.2)": hosts of one name are told apart */
	char host[ENGINE_HOST_SIZE];
	char address[INET6_ADDRSTRLEN];
	struct in6_addr ip; /* the same; all 0: it is none */
	char state[16];
	bool self, ready, manager, reachable, leader; /* as struct engine_node has them */
};

struct nodes {
	struct node *items;
	size_t count;
	unsigned changes; /* so often they were told */
};

void nodes_take(struct nodes *nodes, const struct engine_node *told, size_t count);
void nodes_clear(struct nodes *nodes);

/* The one that we are on; NULL: it is not known. */
const struct node *nodes_own(const struct nodes *nodes);

/* The one that this container's address is on. NULL: none, or it is not known. */
const struct node *nodes_find(const struct nodes *nodes, const struct address *address);
