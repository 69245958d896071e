/* swarm_sites: see the header. */
#include "orchestrator/engine/swarm/swarm_sites.h"

#include "common/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOST_US 30000000 /* longer than Swarm takes with its usual heartbeat of 5 s */
#define REFUSED_US 60000000

static struct swarm_site *find(const struct swarm_sites *sites, const char *id)
{
	for (size_t i = 0; i < sites->count; i++)
		if (strcmp(sites->items[i].node.id, id) == 0)
			return &sites->items[i];
	return NULL;
}

/* What was found of it before, in the light of what Swarm says now. */
static void judge(struct swarm_site *site, const struct swarm_site *before, int64_t now_us)
{
	if (before == NULL || before->lost_us == 0)
		return;
	site->lost_us = before->lost_us;
	site->was_down = before->was_down || !site->node.ready;
	if (site->node.ready && (site->was_down || now_us - site->lost_us >= LOST_US))
		site->lost_us = 0;
}

static void forget_refusals(struct swarm_sites *sites, int64_t now_us)
{
	for (size_t i = sites->refusal_count; i > 0; i--)
		if (now_us - sites->refusals[i - 1].us >= REFUSED_US)
			sites->refusals[i - 1] = sites->refusals[--sites->refusal_count];
}

void swarm_sites_take(struct swarm_sites *sites, const struct swarm_lists *lists, swarm_site_back *back, void *arg)
{
	struct swarm_site *items = mem_zero((lists->node_count + 1) * sizeof(*items));

	for (size_t i = 0; i < lists->node_count; i++) {
		const struct swarm_site *before = find(sites, lists->nodes[i].id);

		items[i].node = lists->nodes[i];
		judge(&items[i], before, lists->now_us);
		if (back != NULL && before != NULL && before->lost_us != 0 && items[i].lost_us == 0)
			back(&items[i].node, arg);
	}
	forget_refusals(sites, lists->now_us);
	free(sites->items);
	sites->items = items;
	sites->count = lists->node_count;
	snprintf(sites->self, sizeof(sites->self), "%s", lists->self);
}

void swarm_sites_clear(struct swarm_sites *sites)
{
	free(sites->items);
	free(sites->refusals);
}

const struct swarm_node *swarm_sites_restore(struct swarm_sites *sites, const char *id)
{
	struct swarm_site *site = find(sites, id);

	if (site == NULL || site->lost_us == 0)
		return NULL;
	site->lost_us = 0;
	return &site->node;
}

static struct swarm_refusal *find_refusal(const struct swarm_sites *sites, const char *id, const char *service)
{
	for (size_t i = 0; i < sites->refusal_count; i++)
		if (strcmp(sites->refusals[i].node, id) == 0 && strcmp(sites->refusals[i].service, service) == 0)
			return &sites->refusals[i];
	return NULL;
}

void swarm_sites_refuse(struct swarm_sites *sites, const char *id, const char *service, int64_t now_us)
{
	struct swarm_refusal *refusal = find_refusal(sites, id, service);

	if (refusal == NULL) {
		sites->refusals = mem_array(sites->refusals, sites->refusal_count + 1, sizeof(*sites->refusals));
		refusal = &sites->refusals[sites->refusal_count++];
		snprintf(refusal->node, sizeof(refusal->node), "%s", id);
		snprintf(refusal->service, sizeof(refusal->service), "%s", service);
	}
	refusal->us = now_us;
}

bool swarm_sites_refused(const struct swarm_sites *sites, const char *id, const char *service)
{
	return find_refusal(sites, id, service) != NULL;
}

const struct swarm_node *swarm_sites_lose(struct swarm_sites *sites, const char *id, int64_t now_us)
{
	struct swarm_site *site = find(sites, id);

	if (site == NULL || site->lost_us != 0 || strcmp(id, sites->self) == 0)
		return NULL;
	site->lost_us = now_us;
	site->was_down = !site->node.ready;
	return &site->node;
}

bool swarm_site_is_usable(const struct swarm_site *site)
{
	return site->node.ready && site->node.active && site->lost_us == 0;
}
