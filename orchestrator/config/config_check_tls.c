/* config_check_tls: where TLS is spoken, and that it is not where HTTP is spoken in clear. */
#include "orchestrator/config/config_check_tls.h"

#include "orchestrator/base/address.h"

#include <string.h>

/* Texts may differ where addresses do not: ":80" and "0.0.0.0:80". */
static bool same_address(const char *a, const char *b)
{
	struct address parsed[2];
	char text[2][ADDRESS_TEXT_SIZE];

	if (!address_parse(a, &parsed[0]) || !address_parse(b, &parsed[1]))
		return false;
	address_format(&parsed[0], text[0]);
	address_format(&parsed[1], text[1]);
	return strcmp(text[0], text[1]) == 0;
}

bool check_tls(const struct scope *scope, const struct config *config)
{
	const struct strings *clear = &config->listen, *tls = &config->tls.listen;

	if (clear->count == 0 && tls->count == 0)
		return wrong(scope, "listen", "empty: name one address at least, here or in tls.listen");
	if (!check_addresses(scope, "tls.listen", tls))
		return false;
	for (size_t i = 0; i < tls->count; i++)
		for (size_t k = 0; k < clear->count; k++)
			if (same_address(tls->items[i], clear->items[k]))
				return wrong(scope, "tls.listen",
				             "\"%s\" stands in listen, too: an address speaks TLS or not",
				             tls->items[i]);
	return true;
}
