/* config_check_engine: the table of engines says which keys each needs; what one of several hosts needs besides is here. */
#include "orchestrator/config/config_check_engine.h"

#include "orchestrator/config/config_tables.h"
#include "orchestrator/engine/engines.h"

#include <stdio.h>
#include <string.h>

/* A name of Swarm's has 63 bytes: with slot and generation, "web_12-next-4294967295". */
#define SWARM_NAME_MAX 63
#define BEHIND_SLOT "-next-4294967295"
/* A config's has 64: "selfless-identity". */
#define SWARM_CONFIG_MAX ((size_t)64)
#define BEHIND_NAME "-identity"

static bool check_needs(const struct scope *scope, const struct engine_kind *engine,
                        const struct config_service *service)
{
	for (const struct engine_need *need = engine->needs; need->key != NULL; need++)
		if (option_is_empty(config_service_options, need->key, service))
			return wrong(scope, need->key, "missing: engine %s needs %s for each service", engine->name,
			             need->what);
	return true;
}

/* What is written to a volume of one host is not there for a container of another. */
static bool check_local_volumes(const struct scope *scope, const struct engine_kind *engine,
                                const struct config_service *service)
{
	for (size_t i = 0; i < service->volumes.count && !service->local_volumes; i++)
		if (service->volumes.items[i][0] != '/')
			return wrong(scope, "volumes",
			             "\"%s\": with engine %s each host has a volume of its own under this name, and a "
			             "container finds nothing there once it comes to another host: keep the data in a "
			             "database, or say \"local_volumes\": true if each host may have its own",
			             service->volumes.items[i], engine->name);
	return true;
}

static bool check_name_length(const struct scope *scope, const struct engine_kind *engine,
                              const struct config_service *service)
{
	char slot[24];
	size_t behind =
	        strlen(BEHIND_SLOT) + (size_t)snprintf(slot, sizeof(slot), "_%lld", (long long)service->scale.max);

	if (strlen(service->name) + behind <= SWARM_NAME_MAX)
		return true;
	return wrong(scope, "name",
	             "\"%s\": with engine %s a service's name has %zu bytes at most (the slot comes behind it)",
	             service->name, engine->name, SWARM_NAME_MAX - behind);
}

/* A name of Swarm's has none: "a.b" would be called what "a-b" is called. */
static bool check_name_dots(const struct scope *scope, const struct engine_kind *engine,
                            const struct config_service *service)
{
	return strchr(service->name, '.') == NULL ||
	       wrong(scope, "name", "\"%s\": with engine %s a service's name may have no dot: say it with - or _",
	             service->name, engine->name);
}

bool check_engine_name(const struct scope *scope, const struct config *config)
{
	return !engines[config->engine].can.elects || strlen(config->name) + strlen(BEHIND_NAME) <= SWARM_CONFIG_MAX ||
	       wrong(scope, "name", "\"%s\": with engine %s a name has %zu bytes at most", config->name,
	             engines[config->engine].name, SWARM_CONFIG_MAX - strlen(BEHIND_NAME));
}

bool check_engine_peers(const struct scope *scope, const struct config *config)
{
	const struct strings *peers = &config->swarm.peers;
	struct address address;

	if (peers->count > 0 && !engines[config->engine].can.elects)
		return wrong(scope, "swarm.peers", "engine %s has no others of its name: only engine swarm has",
		             engines[config->engine].name);
	if (peers->count > 0 && config->swarm.token_file[0] == '\0')
		return wrong(scope, "swarm.token_file",
		             "missing: with swarm.peers, name a file with a token of 16 characters or more, the "
		             "same at all of them");
	for (size_t i = 0; i < peers->count; i++)
		if (!address_parse(peers->items[i], &address))
			return wrong(scope, "swarm.peers", "\"%s\" is no ADDRESS:PORT", peers->items[i]);
	return true;
}

bool check_engine(const struct scope *scope, const struct config *config, const struct config_service *service)
{
	const struct engine_kind *engine = &engines[config->engine];

	return check_needs(scope, engine, service) &&
	       (engine->can.one_host ||
	        (check_local_volumes(scope, engine, service) && check_name_length(scope, engine, service) &&
	         check_name_dots(scope, engine, service)));
}
