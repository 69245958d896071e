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

bool check_address(const struct scope *scope, const char *key, const char *text)
{
	struct address address;

	return address_parse(text, &address) ||
	       wrong(scope, key, "\"%s\" is no ADDRESS:PORT; write 0.0.0.0:80, 127.0.0.1:8080 or [::1]:80", text);
}

bool check_twice(const struct scope *scope, const char *key, const struct strings *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(texts->items[i], texts->items[k]) == 0)
				return wrong(scope, key, "\"%s\" stands there twice", texts->items[i]);
	return true;
}

bool check_addresses(const struct scope *scope, const char *key, const struct strings *addresses)
{
	for (size_t i = 0; i < addresses->count; i++)
		if (!check_address(scope, key, addresses->items[i]))
			return false;
	return check_twice(scope, key, addresses);
}
