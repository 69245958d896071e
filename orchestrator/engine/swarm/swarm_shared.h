/* swarm_shared: what the orchestrators of one name share, in a Swarm config that the first of them makes: their containers' owner, and
 * the key of their specs' hash. Without it a second one would be a stranger to the first one's containers.
 */
#pragma once

#include "orchestrator/engine/docker/docker_call.h"
#include "orchestrator/engine/engine.h"

struct event_base;
struct swarm_shared;

struct swarm_shared_settings {
	struct event_base *base;
	struct docker_calls *calls;
	const char *name;                                                /* label selfless.name */
	struct engine_shared ours;                                       /* what is shared if nobody else came first */
	void (*on_known)(const struct engine_shared *shared, void *arg); /* once */
	void (*on_failed)(const char *message, void *arg);               /* it is tried again with back-off */
	void *arg;
};

/* Does nothing until it is begun. */
struct swarm_shared *swarm_shared_new(const struct swarm_shared_settings *settings);
void swarm_shared_free(struct swarm_shared *shared); /* after its calls were freed */

bool swarm_shared_known(const struct swarm_shared *shared);
void swarm_shared_begin(struct swarm_shared *shared); /* the engine answers; nothing if it is known */
void swarm_shared_end(struct swarm_shared *shared);   /* it does not any more: what is under way says nothing */
