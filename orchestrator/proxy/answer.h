/* answer: the replies that the proxy gives by itself: problems, and to requests that are no container's business. */
#pragma once

#include "orchestrator/proxy/client.h"
#include "orchestrator/proxy/route.h"

#include <stdbool.h>

struct proxy;

/* Ends the request; what is known of it (its id, HTTP/1.0, HEAD) is filled in. */
void answer_problem(struct client *client, const struct request *request, struct problem problem);

/* True: the request was answered, logged and counted, and is over: its way ends here (see hop), no service has its path
 * (404), or the path is private (403). False: match says whose it is. */
bool answer_here(struct proxy *proxy, struct client *client, struct request *request, struct route_match *match);
