/* config_check: what no single key can say: combinations, syntax of addresses and paths. Pure. */
#pragma once

#include "orchestrator/config/config.h"

/* root: the document the config came from, for line and column. */
bool config_check(const struct config *config, const char *file, const struct json_value *root,
                  struct err *err) MUST_CHECK;
