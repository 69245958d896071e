/* guard: may this request be answered at all?  Pure.
 *
 * A browser on the operator's machine reaches our loopback address for any page it shows. Two checks keep such pages
 * out: Host must be a name that no stranger's DNS can own (against rebinding), and a request must not come from a page of
 * another origin. Tokens are compared in a time that does not depend on where they differ.
 */
#pragma once

#include "orchestrator/base/address.h"

#include <stdbool.h>

/* Is Host (NULL: none was sent) the name localhost, a loopback address, or the address we listen on? Where that is
 * the wildcard, any literal address is ours: DNS has no say in those. The port is not looked at. */
bool guard_host_is_ours(const char *host, const struct address *listen);

/* Origin (NULL: none was sent, as by everything that is not a browser) names this very host and port. */
bool guard_origin_is_ours(const char *origin, const char *host);

/* Sec-Fetch-Site (NULL: none was sent), by which a browser says of every request, also of those without Origin (a picture's
 * address, say), whose page made it. */
bool guard_site_is_ours(const char *site);

/* authorization: the value of the Authorization field, or NULL. */
bool guard_token_is_right(const char *authorization, const char *token);
