/* swarm_spread: to which node a container is to come. Swarm itself spreads the tasks of one service, and each of ours has one: so the
 * containers of a service keep away from each other by constraints. Pure.
 */
#pragma once

#include "orchestrator/engine/swarm/swarm_sites.h"
#include "orchestrator/engine/swarm/swarm_view.h"

struct swarm_plan {
	char id[ENGINE_ID_SIZE]; /* the Swarm service's; "": the create has not been answered */
	char container[ENGINE_NAME_SIZE], service[ENGINE_NAME_SIZE];
	int slot;
	char node[ENGINE_ID_SIZE];
	unsigned round; /* the first look that shows it, where id is known */
};

/* Where containers are to come that no look has shown on a node yet: several are made at once. */
struct swarm_plans {
	struct swarm_plan *items;
	size_t count;
};

struct swarm_choice {
	char node[ENGINE_ID_SIZE]; /* "": Swarm chooses among those that are left */
	struct strings avoid;      /* ids of nodes; the caller clears it */
};

/* apart: it keeps away from the others of its service, as long as there are nodes enough: first from their slots, then from those in no
 * slot, then from all of ours. A slot's own container that is about to go is in nobody's way. */
void swarm_spread(const struct swarm_sites *sites, const struct swarm_view *view, const struct swarm_plans *plans,
                  const struct swarm_plan *of, bool apart, struct swarm_choice *choice);

/* A create begins, and how it ends: id NULL: there is none. round: the first look that would show it. */
void swarm_plans_add(struct swarm_plans *plans, const struct swarm_plan *plan);
void swarm_plans_made(struct swarm_plans *plans, const char *container, const char *id, unsigned round);
/* What this look shows is planned no more. */
void swarm_plans_looked(struct swarm_plans *plans, const struct swarm_view *view, unsigned round);
void swarm_plans_clear(struct swarm_plans *plans);
