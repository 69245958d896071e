/* fleet_nodes: the hosts that containers are on: a table, and what the loss of one would cost. Pure. */
#pragma once

#include "common/json.h"
#include "orchestrator/cli/client/fleet_how.h"

#include <stdio.h>

/* Not where the engine has one host, or is of another version. */
bool fleet_nodes_any(const struct json_value *fleet);

/* One line. Nothing where there are none. */
void fleet_nodes_print_loss(const struct json_value *fleet, const struct fleet_view_how *how, FILE *to);
/* A line for each, with what is ready on it, and an empty one behind. Nothing where there are none. */
void fleet_nodes_print(const struct json_value *fleet, const struct fleet_view_how *how, FILE *to);
