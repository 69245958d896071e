/* config_scope: where a rule of config_check looks, and how it says what is wrong. */
#pragma once

#include "common/err.h"
#include "common/json.h"
#include "orchestrator/base/options.h"

#include <stdbool.h>

/* The file, the service's object (or the whole) and its path in messages. */
struct scope {
	const char *file;
	const struct json_value *object;
	char path[64];
	struct err *err;
};

/* Sets err to file:line:column, the key with its path, and the message; returns false. key: may be "table.key". */
bool wrong(const struct scope *scope, const char *key, const char *format, ...) __attribute__((format(printf, 3, 4)));

bool check_address(const struct scope *scope, const char *key, const char *text);          /* it is ADDRESS:PORT */
bool check_twice(const struct scope *scope, const char *key, const struct strings *texts); /* each stands there once */
/* Both, of all of them. */
bool check_addresses(const struct scope *scope, const char *key, const struct strings *addresses);
