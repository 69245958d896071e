/* fleet_certificates: the document of GET /api/fleet: when certificates end. Pure. */
#pragma once

#include "common/json.h"
#include "orchestrator/cli/client/fleet_how.h"

#include <stdbool.h>
#include <stdio.h>

/* One line: how many names, and which ends first. Nothing where there are none. */
void fleet_certificates_print(const struct json_value *fleet, const struct fleet_view_how *how, FILE *to);

/* Does one end within 7 days (a quarter of its life, if that is less), or has ended? */
bool fleet_certificates_end_soon(const struct json_value *fleet);
