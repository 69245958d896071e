/* admin_address: nothing is resolved here; what is no address must look like a name. */
#include "orchestrator/cli/client/admin_address.h"

#include "orchestrator/base/address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"

static bool is_port(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len <= 5 && strspn(text, "0123456789") == len && strtol(text, NULL, 10) >= 1 &&
	       strtol(text, NULL, 10) <= 65535;
}

/* The wildcards stand for loopback: somebody on this host asks. */
static void put(const char *text, const char *colon, char address[ADMIN_ADDRESS_SIZE])
{
	static const char *const any[][2] = {{"", "127.0.0.1"}, {"0.0.0.0", "127.0.0.1"}, {"[::]", "[::1]"}};
	size_t len = (size_t)(colon - text);

	for (size_t i = 0; i < sizeof(any) / sizeof(*any); i++)
		if (strlen(any[i][0]) == len && memcmp(text, any[i][0], len) == 0) {
			snprintf(address, ADMIN_ADDRESS_SIZE, "%s%s", any[i][1], colon);
			return;
		}
	snprintf(address, ADMIN_ADDRESS_SIZE, "%s", text);
}

bool admin_address_check(const char *text, char address[ADMIN_ADDRESS_SIZE], struct err *err)
{
	struct address literal;
	const char *colon = strrchr(text, ':');
	bool fits = colon != NULL && strlen(text) < ADMIN_ADDRESS_SIZE - 16 && is_port(colon + 1);

	if (!fits || (!address_parse(text, &literal) && (colon == text || text + strspn(text, NAME_CHARS) != colon)))
		return err_set(err, "--admin: \"%s\" is no ADDRESS:PORT, such as 127.0.0.1:9090 or [::1]:9090", text);
	put(text, colon, address);
	return true;
}

bool admin_address_pick(const struct strings *admin, char address[ADMIN_ADDRESS_SIZE], struct err *err)
{
	const char *best = NULL, *loopback = NULL;

	for (size_t i = admin->count; i > 0; i--) {
		struct address literal;
		if (!address_parse(admin->items[i - 1], &literal))
			continue; /* the node's: only who runs there knows it */
		best = admin->items[i - 1];
		if (address_is_loopback(&literal))
			loopback = best;
	}
	if (loopback != NULL)
		best = loopback;
	if (best == NULL)
		return err_set(err, "the configuration gives no admin address (\"admin\"): nobody can be asked");
	put(best, strrchr(best, ':'), address);
	return true;
}
