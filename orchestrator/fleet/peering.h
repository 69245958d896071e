/* peering: who the other orchestrators of this name are: those of swarm.peers; where there are none, one on each other
 * manager, at our own admin's port, which is the same there since the file is.
 */
#pragma once

#include "orchestrator/config/config.h"
#include "orchestrator/fleet/nodes.h"
#include "orchestrator/fleet/peers.h"

struct peering {
	struct peers *peers; /* NULL: none are asked */
	int port;            /* of our admin, where others reach it; 0: they do not */
	bool found;          /* by the nodes */
	bool told;           /* that they cannot be asked */
};

/* settings: for peers, where there are some to ask. All zero is fine for those who have none. */
void peering_begin(struct peering *peering, const struct config *config, const struct peers_settings *settings);
void peering_end(struct peering *peering);
void peering_nodes(struct peering *peering, const struct nodes *nodes);
