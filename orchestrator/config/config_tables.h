/* config_tables: the rows of the tables, for the code that reads and writes configurations. */
#pragma once

#include "orchestrator/base/options.h"

extern const struct option config_options[];
extern const struct option config_service_options[];

/* The configuration of `orchestrator` without -c, as text that config_load reads like a file. */
extern const char config_default[];
