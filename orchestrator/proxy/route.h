/* route: from a request target to a service. Pure.
 *
 * Paths are compared with unreserved characters decoded, dot segments removed and slashes merged (the original bytes
 * are what is sent on). The longest prefix wins, at a segment's end: /api/v1/users owns /api/v1/users and
 * /api/v1/users/x, not /api/v1/usersx. Private is a path that anybody could take for a private one (see private_path).
 */
#pragma once

#include "common/http_head.h"
#include "orchestrator/config/config.h"

#include <stddef.h>

struct routes;

struct route_match {
	size_t service;  /* index in the config */
	bool is_private; /* refused from outside */
	bool counted;    /* by the scaler */
};

struct routes *routes_new(const struct config *config);
void routes_free(struct routes *routes);

/* path: of the target, origin-form, query included. False: no service's. */
bool routes_find(struct routes *routes, struct http_text path, enum http_method method, struct route_match *match);

/* Writes the path for comparing into out (at least path.len bytes), without query. Returns its length. */
size_t route_normalise(struct http_text path, char *out);
