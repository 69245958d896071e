/* listening: see the header. */
#include "orchestrator/listening.h"

#include "common/log.h"
#include "orchestrator/config/node_address.h"

static void log_addresses(const char *event, const struct strings *addresses)
{
	int port;

	for (size_t i = 0; i < addresses->count; i++)
		if (!node_address_port(addresses->items[i], &port))
			log_info("event=%s address=%s", event, addresses->items[i]);
}

void listening_log(const struct config *config)
{
	log_addresses("listening", &config->listen);
	log_addresses("tls-listening", &config->tls.listen);
	log_addresses("admin-listening", &config->admin);
}
