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

/* A node that would not have a container of this service: it has no such image, say. */
struct swarm_refusal {
	char node[ENGINE_ID_SIZE], service[ENGINE_NAME_SIZE];
	int64_t us; /* when (clock_us) */
};

struct swarm_sites {
	struct swarm_site *items;
	size_t count;
	struct swarm_refusal *refusals; /* of late */
	size_t refusal_count;
	char self[ENGINE_ID_SIZE]; /* the node that answers us: it is never lost */
};

/* back: told of each that was lost and is back; NULL: nobody is. */
typedef void swarm_site_back(const struct swarm_node *node, void *arg);
void swarm_sites_take(struct swarm_sites *sites, const struct swarm_lists *lists, swarm_site_back *back, void *arg);
void swarm_sites_clear(struct swarm_sites *sites);

/* It does not answer. NULL: that was known, it is ours, or there is none of this id. */
const struct swarm_node *swarm_sites_lose(struct swarm_sites *sites, const char *id, int64_t now_us);

/* It answers after all. NULL: it was not lost. */
const struct swarm_node *swarm_sites_restore(struct swarm_sites *sites, const char *id);

/* It would not have a container of this service: for a minute others are taken before it. */
void swarm_sites_refuse(struct swarm_sites *sites, const char *id, const char *service, int64_t now_us);
bool swarm_sites_refused(const struct swarm_sites *sites, const char *id, const char *service);

bool swarm_site_is_usable(
        const struct swarm_site *site); /* a container that is placed there runs, by all that is known */
