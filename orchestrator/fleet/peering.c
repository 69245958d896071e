/* peering: see the header. */
#include "orchestrator/fleet/peering.h"

#include "common/log.h"
#include "orchestrator/base/address.h"
#include "orchestrator/config/node_address.h"

#include <stdlib.h>
#include <string.h>

/* The same on all hosts: that of "node:PORT", else of the first address that is not loopback. The texts were checked. */
static int port_for_others(const struct strings *admin)
{
	struct address address;
	int port = 0, any = 0;

	for (size_t i = 0; i < admin->count; i++) {
		if (node_address_port(admin->items[i], &port))
			return port;
		if (any == 0 && address_parse(admin->items[i], &address) && !address_is_loopback(&address))
			any = (int)strtol(strrchr(admin->items[i], ':') + 1, NULL, 10);
	}
	return any;
}

void peering_begin(struct peering *peering, const struct config *config, const struct peers_settings *settings)
{
	const struct strings *configured = &config->swarm.peers;

	*peering = (struct peering){.port = port_for_others(&config->admin), .found = configured->count == 0};
	if (config->swarm.token_file[0] == '\0' || (peering->found && peering->port == 0))
		return;
	peering->peers = peers_new(settings);
	peers_set(peering->peers, configured);
}

void peering_end(struct peering *peering)
{
	peers_free(peering->peers);
	peering->peers = NULL;
}

static void tell_off(struct peering *peering)
{
	if (peering->told)
		return;
	peering->told = true;
	log_warn(
	        "event=peers-off error=%s remedy=%s",
	        log_quote(
	                "each orchestrator counts its own clients' requests alone for scaling: the others of this name cannot "
	                "ask it"),
	        log_quote("give all of them \"admin\": [\"127.0.0.1:9090\", \"node:9090\"], admin_token_file and "
	                  "swarm.token_file"));
}

/* ADDRESS:PORT of each. */
static void find_others(const struct nodes *nodes, int port, struct strings *addresses)
{
	for (size_t i = 0; i < nodes->count; i++) {
		const struct node *node = &nodes->items[i];
		char text[ADDRESS_TEXT_SIZE];
		struct address address;

		if (!node->manager || node->self || !address_of_host(node->address, port, &address))
			continue;
		address_format(&address, text);
		strings_add(addresses, text);
	}
}

void peering_nodes(struct peering *peering, const struct nodes *nodes)
{
	struct strings others = {0};

	if (!peering->found)
		return;
	find_others(nodes, peering->port, &others);
	if (peering->peers != NULL)
		peers_set(peering->peers, &others);
	else if (others.count > 0)
		tell_off(peering);
	strings_clear(&others);
}
