/* acme_names: what a public CA can prove by http-01, and may issue for. */
#include "orchestrator/config/acme_names.h"

#include "orchestrator/config/host_name.h"

#include <string.h>

/* Special-use names (RFC 6761, 6762, 7686, 8375, 9476), and what is of no network but one's own. */
static const char *const inner[] = {".local",   ".internal", ".test",  ".localhost", ".home.arpa",
                                    ".example", ".invalid",  ".onion", ".alt"};

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len > end_len && strcmp(text + len - end_len, end) == 0;
}

const char *acme_names_why_not(const char *name)
{
	if (host_name_is_wildcard(name))
		return "a wildcard is not proven over http";
	if (host_name_is_address(name))
		return "it is an address";
	if (strchr(name, '.') == NULL)
		return "it has one label alone";
	for (size_t i = 0; i < sizeof(inner) / sizeof(*inner); i++)
		if (ends_with(name, inner[i]))
			return "no public CA issues for it";
	return NULL;
}

static void add_once(struct strings *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->items[i], name) == 0)
			return;
	strings_add(names, name);
}

static void add(struct strings *names, const char *text, bool forced)
{
	char name[HOST_NAME_SIZE];
	struct err err;

	if (host_name_read(text, name, &err) && (forced || acme_names_why_not(name) == NULL))
		add_once(names, name);
}

void acme_names_list(const struct config *config, struct strings *names)
{
	for (size_t i = 0; i < config_service_count(config); i++) {
		const struct strings *hosts = &config_service_at(config, i)->hosts;
		for (size_t k = 0; k < hosts->count; k++)
			add(names, hosts->items[k], false);
	}
	for (size_t i = 0; i < config_redirect_count(config); i++)
		add(names, config_redirect_at(config, i)->from, false);
	for (size_t i = 0; i < config->acme.names.count; i++)
		add(names, config->acme.names.items[i], true);
}
