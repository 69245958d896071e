/* swarm_revival: while the swarm has no leader, nobody replaces a container that has ended. Those on this node its own dockerd starts
 * again, for us; the port is another one then.
 */
#pragma once

#include "orchestrator/engine/docker/docker_call.h"
#include "orchestrator/engine/engine.h"

struct event_base;
struct swarm_revival;

struct swarm_revival_settings {
	struct event_base *base;
	struct docker_calls *calls;
	const char *name; /* label selfless.name */
	/* Is the container of this task to run, by all that was known last? */
	bool (*is_wanted)(const char *task, void *arg);
	void (*on_revived)(const char *task, int port, void *arg); /* port 0: it runs, and has none */
	void *arg;
};

/* Does nothing until it is begun. */
struct swarm_revival *swarm_revival_new(const struct swarm_revival_settings *settings);
void swarm_revival_free(struct swarm_revival *revival); /* after its calls were freed */

void swarm_revival_begin(struct swarm_revival *revival); /* the swarm says nothing; again: nothing */
void swarm_revival_end(struct swarm_revival *revival);   /* it does, or the dockerd itself does not */
