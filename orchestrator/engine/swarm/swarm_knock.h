/* swarm_knock: is a node there? One connection to it, at a port of Swarm's: taken or refused, it is; silence says nothing.
 *
 * For a container that hangs is as silent as a node that has gone, once its kernel has no room for more connections to it.
 */
#pragma once

#include <netinet/in.h>

struct event_base;
struct swarm_knocks;

#define SWARM_KNOCK_PORT 7946 /* all nodes listen there for each other (TCP) */
#define SWARM_KNOCK_MS 2000

/* here: the node answers. Never before swarm_knock has returned. */
typedef void swarm_knock_here(const char *node, void *arg);

struct swarm_knocks *swarm_knocks_new(struct event_base *base, swarm_knock_here *here, void *arg);
void swarm_knocks_free(struct swarm_knocks *knocks);

/* node: its id; address: its IP address as text. Nothing where one is under way there already. */
void swarm_knock(struct swarm_knocks *knocks, const char *node, const char *address, int port);
