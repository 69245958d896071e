/* swarm_doubt: nodes that do not answer, before Swarm says so: a container's own address is silent (host_lost), or a node was given a
 * task and has not taken it. They get no containers until they are back.
 */
#include "orchestrator/engine/swarm/swarm.h"

#include "common/clock.h"
#include "common/log.h"

#include <stdio.h>

static void lose(struct swarm *swarm, const char *node, const char *why)
{
	const struct swarm_node *lost = swarm_sites_lose(&swarm->sites, node, clock_us());

	if (lost != NULL)
		log_warn(
		        "event=node-lost node=%s address=%s error=%s remedy=\"new containers come to other nodes until it answers\"",
		        log_quote(lost->host), lost->address, log_quote(why));
}

static void on_back(const struct swarm_node *node, void *arg)
{
	(void)arg;
	log_info("event=node-back node=%s address=%s", log_quote(node->host), node->address);
}

void swarm_host_lost(struct engine *engine, const char *id)
{
	struct swarm *swarm = (struct swarm *)engine;
	const struct swarm_item *item = swarm_view_find(swarm->view, id);

	if (item != NULL && item->node[0] != '\0')
		lose(swarm, item->node, "a container's address on it does not answer");
}

void swarm_doubt_sites(struct swarm *swarm, const struct swarm_lists *lists)
{
	swarm_sites_take(&swarm->sites, lists, on_back, NULL);
}

void swarm_doubt_items(struct swarm *swarm)
{
	size_t count;
	const struct swarm_item *items = swarm_view_items(swarm->view, &count);

	for (size_t i = 0; i < count; i++)
		if (!items[i].gone && items[i].untaken)
			lose(swarm, items[i].node, "it was given a container and does not take it");
}
