/* fleet_view: the document of GET /api/fleet, as tables for a terminal. Pure.
 *
 * The document may come from another version of the orchestrator: what is missing in it is shown as "-".
 */
#pragma once

#include "common/json.h"
#include "orchestrator/cli/client/fleet_how.h"

#include <stdbool.h>
#include <stdio.h>

/* Is it such a document at all? */
bool fleet_view_check(const struct json_value *fleet);

void fleet_view_print(const struct json_value *fleet, const struct fleet_view_how *how, FILE *to);

/* Does every service that wants containers have one that is ready? */
bool fleet_view_serves(const struct json_value *fleet);

/* The service of that name; NULL: there is none. */
const struct json_value *fleet_view_service(const struct json_value *fleet, const char *name);

/* Requests in flight, of all services. */
int64_t fleet_view_in_flight(const struct json_value *fleet);
