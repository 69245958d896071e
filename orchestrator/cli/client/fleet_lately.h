/* fleet_lately: what went wrong lately, as a table. Pure. */
#pragma once

#include "common/json.h"
#include "orchestrator/cli/client/fleet_how.h"

#include <stdio.h>

/* The newest how->lately entries; nothing where there is none. */
void fleet_lately_print(const struct json_value *fleet, const struct fleet_view_how *how, FILE *to);
