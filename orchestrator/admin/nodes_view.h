/* nodes_view: the hosts that containers are on, as JSON. */
#pragma once

#include "common/json.h"
#include "orchestrator/fleet/nodes.h"
#include "orchestrator/fleet/supervisors.h"

/* The member "node" of whoever has this address: a name, or null. */
void nodes_view_of(struct json_writer *w, const struct nodes *nodes, const struct address *address);

/* The members "nodes" and "node_loss". */
void nodes_view_list(struct json_writer *w, const struct supervisors *supervisors);
