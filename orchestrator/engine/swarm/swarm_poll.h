/* swarm_poll: looks at the swarm again and again: services, then tasks, then nodes; and which of these answers.
 *
 * One round at a time; often while something is under way, else four times as seldom; after a round that failed with back-off.
 * A node whose Swarm leader has died lets calls hang for 20 s: each has 2 s here.
 */
#pragma once

#include "orchestrator/engine/docker/docker_call.h"
#include "orchestrator/engine/swarm/swarm_view.h"

struct event_base;
struct swarm_poll;

struct swarm_poll_settings {
	struct event_base *base;
	struct docker_calls *calls;
	const char *name; /* label selfless.name */
	int often_ms;
	/* A whole round; the lists are borrowed. */
	void (*on_lists)(const struct swarm_lists *lists, void *arg);
	void (*on_failed)(const char *message, void *arg);
	bool (*is_moving)(void *arg); /* is something under way? */
	void *arg;
};

/* Does nothing until it is begun. */
struct swarm_poll *swarm_poll_new(const struct swarm_poll_settings *settings);
void swarm_poll_free(struct swarm_poll *poll); /* after its calls were freed */

void swarm_poll_begin(struct swarm_poll *poll); /* the engine answers */
void swarm_poll_end(struct swarm_poll *poll);   /* it does not any more: no round follows, one under way says nothing */

/* A round that begins after this: at once, or as soon as the one under way is over (some milliseconds; where the manager does not
 * answer, its deadline and the back-off). */
void swarm_poll_hurry(struct swarm_poll *poll);

/* Of the rounds that begin from now on the first has this number or a higher one; on_lists of it and those behind show what
 * was done before this was asked. */
unsigned swarm_poll_next(const struct swarm_poll *poll);
unsigned swarm_poll_round(const struct swarm_poll *poll); /* the one whose on_lists runs */
