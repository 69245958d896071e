/* route: from a request's host and target to a service. Pure.
 *
 * The host comes first, and alone (see hosts): its services are asked, and no others. Then the path.
 *
 * Paths are compared with unreserved characters decoded, dot segments removed and slashes merged (the original bytes
 * are what is sent on). The longest prefix wins, at a segment's end: /api/v1/users owns /api/v1/users and
 * /api/v1/users/x, not /api/v1/usersx. Private is a path that anybody could take for a private one (see private_path).
 */
#pragma once

#include "common/http_head.h"
#include "orchestrator/config/config.h"
#include "orchestrator/proxy/hosts.h"

#include <stddef.h>

struct routes;

struct route_match {
	size_t service;          /* index in the config */
	bool is_private;         /* refused from outside */
	bool counted;            /* by the scaler */
	const struct host *host; /* ROUTE_REDIRECT */
};

struct routes *routes_new(const struct config *config);
void routes_free(struct routes *routes);

enum route_outcome {
	ROUTE_FOUND,
	ROUTE_NO_PATH,  /* no service of the host's has the path */
	ROUTE_NO_HOST,  /* no service has the host, and all name some */
	ROUTE_REDIRECT, /* match->host says where to */
};

/* Does the configuration name hosts? Where not, routes_find does not look at host. */
bool routes_name_hosts(const struct routes *routes);

/* host: as the request has it, maybe with a port, maybe empty. path: of the target, origin-form, query included. */
enum route_outcome routes_find(struct routes *routes, struct http_text host, struct http_text path,
                               enum http_method method, struct route_match *match);

/* For requests of our own containers: is the host a service's name? Then that service has every path. */
bool routes_find_by_name(struct routes *routes, struct http_text host, struct http_text path, enum http_method method,
                         struct route_match *match);

/* Writes the path for comparing into out (at least path.len bytes), without query. Returns its length. */
size_t route_normalise(struct http_text path, char *out);
