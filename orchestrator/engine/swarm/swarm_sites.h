/* swarm_sites: the nodes as the last look showed them, and which of them do not answer, by what we found ourselves: Swarm says so 3 to
 * 20 s later, and places containers there until then. Pure.
 *
 * A node that was lost is back once Swarm has called it down and ready again, or has found nothing wrong with it for LOST_US.
 */
#pragma once

#include "orchestrator/engine/swarm/swarm_json.h"
#include "orchestrator/engine/swarm/swarm_view.h"

struct swarm_site {
	struct swarm_node node;
	int64_t lost_us; /* since when it does not answer (clock_us); 0: it does */
	bool was_down;   /* Swarm found that, too */
};

struct swarm_sites {
	struct swarm_site *items;
	size_t count;
	char self[ENGINE_ID_SIZE]; /* the node that answers us: it is never lost */
};

/* back: told of each that was lost and is back; NULL: nobody is. */
typedef void swarm_site_back(const struct swarm_node *node, void *arg);
void swarm_sites_take(struct swarm_sites *sites, const struct swarm_lists *lists, swarm_site_back *back, void *arg);
void swarm_sites_clear(struct swarm_sites *sites);

/* It does not answer. NULL: that was known, it is ours, or there is none of this id. */
const struct swarm_node *swarm_sites_lose(struct swarm_sites *sites, const char *id, int64_t now_us);

bool swarm_site_is_usable(
        const struct swarm_site *site); /* a container that is placed there runs, by all that is known */
