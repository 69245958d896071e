/* supervisors_nodes: which node has what, for admin. Changes nothing. */
#include "orchestrator/fleet/node_loss.h"
#include "orchestrator/fleet/supervisors_private.h"

const struct nodes *supervisors_nodes(const struct supervisors *supervisors)
{
	return &supervisors->nodes;
}

static void stand_on(struct node_loss_stand *stand, const struct nodes *nodes, const struct address *address)
{
	node_loss_stand_on(stand, nodes_find(nodes, address));
}

/* Those that serve, and the spares that wait. */
static void look_where(struct node_loss_stand *stand, const struct nodes *nodes, struct supervisor *supervisor)
{
	const struct fleet *fleet = supervisor_fleet(supervisor);
	struct supervisor_spare spare;

	for (size_t i = 0; i < fleet_count(fleet); i++)
		if (backend_state(fleet_at(fleet, i)) == BACKEND_READY)
			stand_on(stand, nodes, backend_address(fleet_at(fleet, i)));
	for (size_t i = 0; i < supervisor_spare_count(supervisor); i++) {
		supervisor_spare_at(supervisor, i, &spare);
		if (spare.waits)
			stand_on(stand, nodes, spare.address);
	}
}

void supervisors_node_loss(const struct supervisors *supervisors, struct node_loss *loss)
{
	const struct nodes *nodes = &supervisors->nodes;

	node_loss_begin(loss);
	if (nodes->count == 0)
		return;
	node_loss_managers(loss, nodes, supervisors->up);
	for (size_t i = 0; i < supervisors->count; i++) {
		struct supervisor *supervisor = supervisors->items[i];
		struct node_loss_stand stand = {.count = 0};

		look_where(&stand, nodes, supervisor);
		if (supervisor_scaler(supervisor)->wanted > 0)
			node_loss_service(loss, supervisor_service(supervisor)->name, &stand);
	}
	node_loss_end(loss);
}
