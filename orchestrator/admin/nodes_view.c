/* nodes_view: see the header. */
#include "orchestrator/admin/nodes_view.h"

#include "orchestrator/fleet/node_loss.h"

void nodes_view_of(struct json_writer *w, const struct nodes *nodes, const struct address *address)
{
	const struct node *node = nodes_find(nodes, address);

	json_member_text(w, "node", node != NULL ? node->name : NULL);
}

static void write_node(struct json_writer *w, const struct node *node)
{
	json_begin_object(w);
	json_member_text(w, "node", node->name);
	json_member_text(w, "host", node->host);
	json_member_text(w, "address", node->address);
	json_member_text(w, "state", node->state);
	json_member_bool(w, "self", node->self);
	json_member_bool(w, "manager", node->manager);
	json_member_bool(w, "reachable", node->reachable);
	json_member_bool(w, "leader", node->leader);
	json_end_object(w);
}

void nodes_view_list(struct json_writer *w, const struct supervisors *supervisors)
{
	const struct nodes *nodes = supervisors_nodes(supervisors);
	struct node_loss loss;

	json_key(w, "nodes");
	json_begin_array(w);
	for (size_t i = 0; i < nodes->count; i++)
		write_node(w, &nodes->items[i]);
	json_end_array(w);
	supervisors_node_loss(supervisors, &loss);
	json_key(w, "node_loss");
	if (loss.text[0] == '\0') {
		json_null(w);
		return;
	}
	json_begin_object(w);
	json_member_bool(w, "covered", loss.covered);
	json_member_text(w, "text", loss.text);
	json_end_object(w);
}
