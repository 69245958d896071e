/* answer: the replies that the proxy gives by itself, to requests that are no container's business. */
#pragma once

#include "orchestrator/proxy/route.h"
#include "orchestrator/proxy/turn.h"

#include <stdbool.h>

struct core;

/* True: the request was answered, logged and counted, and is over: it is for a challenge (see challenge_dir), its way ends here
 * (see hop), it is to come by TLS, its host is another one (both redirects), no service has its host or path (404), or the path is
 * private (403). False: match says whose it is. */
bool answer_here(struct core *core, struct turn *turn, struct route_match *match);
