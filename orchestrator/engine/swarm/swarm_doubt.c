/* swarm_doubt: nodes that do not answer, before Swarm says so: a container's own address is silent (host_lost), or a node was given a
 * task and has not taken it. They get no containers until they are back.
 */
#include "orchestrator/engine/swarm/swarm.h"

#include "common/clock.h"
#include "common/log.h"

#include <stdio.h>

/* NULL: it was lost already, or is none that can be. */
static const struct swarm_node *lose(struct swarm *swarm, const char *node, const char *why)
{
	const struct swarm_node *lost = swarm_sites_lose(&swarm->sites, node, clock_us());

	if (lost != NULL)
		log_warn(
		        "event=node-lost node=%s address=%s error=%s remedy=\"new containers come to other nodes until it answers\"",
		        log_quote(lost->host), lost->address, log_quote(why));
	return lost;
}

static void on_back(const struct swarm_node *node, void *arg)
{
	(void)arg;
	log_info("event=node-back node=%s address=%s", log_quote(node->host), node->address);
}

/* It was a container alone that was silent. */
void swarm_doubt_no_more(const char *node, void *arg)
{
	struct swarm *swarm = arg;
	const struct swarm_node *back = swarm_sites_restore(&swarm->sites, node);

	if (back != NULL)
		on_back(back, NULL);
}

void swarm_host_lost(struct engine *engine, const char *id)
{
	struct swarm *swarm = (struct swarm *)engine;
	const struct swarm_item *item = swarm_view_find(swarm->view, id);
	const struct swarm_node *node =
	        item != NULL ? lose(swarm, item->node, "a container's address on it does not answer") : NULL;

	if (node != NULL)
		swarm_knock(swarm->knocks, node->id, node->address, SWARM_KNOCK_PORT);
}

void swarm_doubt_sites(struct swarm *swarm, const struct swarm_lists *lists)
{
	swarm_sites_take(&swarm->sites, lists, on_back, NULL);
}

void swarm_doubt_items(struct swarm *swarm)
{
	size_t count;
	const struct swarm_item *items = swarm_view_items(swarm->view, &count);

	for (size_t i = 0; i < count; i++) {
		if (items[i].gone)
			continue;
		if (items[i].untaken)
			(void)lose(swarm, items[i].node, "it was given a container and does not take it");
		/* Our own node is never lost, and may not take any all the same. */
		if (items[i].rejected || items[i].untaken)
			swarm_sites_refuse(&swarm->sites, items[i].node, items[i].container.service, clock_us());
	}
}
