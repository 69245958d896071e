/* node_loss: what it would cost now to lose any one node, in one line for people. Pure.
 *
 * Covered is: each service that wants containers has one elsewhere that can serve, and enough managers are left that one of them leads.
 */
#pragma once

#include "orchestrator/fleet/nodes.h"

#define NODE_LOSS_SIZE 640

struct node_loss {
	char text[NODE_LOSS_SIZE]; /* "": there are no nodes */
	bool covered;
	size_t services_left_out; /* there was no room for them */
};

/* Where those of one service are that serve, or could at once. All 0 at first. */
struct node_loss_stand {
	const struct node *first; /* borrowed */
	unsigned count;
	bool spread; /* they are not all on that one */
};

void node_loss_stand_on(struct node_loss_stand *stand, const struct node *node); /* NULL: it is not known where */

/* The three in this order, the last one once for each service that wants containers; then the end. */
void node_loss_begin(struct node_loss *loss);
void node_loss_managers(struct node_loss *loss, const struct nodes *nodes, bool engine_up);
void node_loss_service(struct node_loss *loss, const char *service, const struct node_loss_stand *stand);
void node_loss_end(struct node_loss *loss);
