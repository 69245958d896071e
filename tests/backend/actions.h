/* actions: what the test backend does with a request, chosen by its path.
 *
 * "/api/v1" before a path is ignored, so that every action can be called as a counted request, too.
 */
#pragma once

#include "tests/backend/request.h"

/* Answers one request whose head is in. False: the connection must be closed. */
bool actions_run(struct connection *connection, struct request *request);
