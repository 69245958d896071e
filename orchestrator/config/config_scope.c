/* config_scope: finds the place of a key in the document, for line and column. */
#include "orchestrator/config/config_scope.h"

#include "orchestrator/base/address.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool wrong(const struct scope *scope, const char *key, const char *format, ...)
{
	char message[512];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	const char *dot = strchr(key, '.');
	const struct json_value *at = scope->object;
	if (dot != NULL) {
		char table[32];
		snprintf(table, sizeof(table), "%.*s", (int)(dot - key), key);
		const struct json_value *inner = json_path(at, table, dot + 1, NULL);
		at = inner != NULL ? inner : at;
	} else if (json_get(at, key) != NULL) {
		at = json_get(at, key);
	}
	char full[128];
	snprintf(full, sizeof(full), "%s%s", scope->path, key);
	return options_error(scope->err, scope->file, at, full, "%s", message);
}

bool check_addresses(const struct scope *scope, const char *key, const struct strings *addresses)
{
	for (size_t i = 0; i < addresses->count; i++) {
		struct address address;
		if (!address_parse(addresses->items[i], &address))
			return wrong(scope, key,
			             "\"%s\" is no ADDRESS:PORT; write 0.0.0.0:80, 127.0.0.1:8080 or [::1]:80",
			             addresses->items[i]);
		for (size_t k = 0; k < i; k++)
			if (strcmp(addresses->items[i], addresses->items[k]) == 0)
				return wrong(scope, key, "\"%s\" stands there twice", addresses->items[i]);
	}
	return true;
}
