/* nodes_metrics: see the header. The containers of a service are gone through once, however many hosts there are. */
#include "orchestrator/admin/nodes_metrics.h"

#include "common/mem.h"
#include "orchestrator/fleet/node_loss.h"
#include "orchestrator/fleet/nodes.h"

#include <stdlib.h>

void nodes_metrics_up(struct exposition *out, const struct supervisors *supervisors)
{
	const struct nodes *nodes = supervisors_nodes(supervisors);

	for (size_t i = 0; i < nodes->count; i++) {
		const struct exposition_label labels[] = {{"node", nodes->items[i].host},
		                                          {"address", nodes->items[i].address}};

		exposition_whole(out, labels, 2, nodes->items[i].ready);
	}
}

static void count_ready(const struct fleet *fleet, const struct nodes *nodes, uint64_t *ready)
{
	for (size_t i = 0; i < fleet_count(fleet); i++) {
		const struct backend *backend = fleet_at(fleet, i);
		const struct node *node = nodes_find(nodes, backend_address(backend));

		if (node != NULL && backend_state(backend) == BACKEND_READY)
			ready[node - nodes->items]++;
	}
}

void nodes_metrics_backends(struct exposition *out, const struct supervisors *supervisors,
                            struct supervisor *supervisor)
{
	const struct nodes *nodes = supervisors_nodes(supervisors);
	uint64_t *ready = mem_zero((nodes->count + 1) * sizeof(*ready));

	count_ready(supervisor_fleet(supervisor), nodes, ready);
	for (size_t i = 0; i < nodes->count; i++) {
		const struct exposition_label labels[] = {{"service", supervisor_service(supervisor)->name},
		                                          {"node", nodes->items[i].host},
		                                          {"address", nodes->items[i].address}};

		exposition_whole(out, labels, 3, ready[i]);
	}
	free(ready);
}

void nodes_metrics_loss(struct exposition *out, const struct supervisors *supervisors)
{
	struct node_loss loss;

	supervisors_node_loss(supervisors, &loss);
	if (loss.text[0] != '\0')
		exposition_whole(out, NULL, 0, loss.covered);
}
