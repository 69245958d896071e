/* defer: work for later in the same turn of the loop or in the next, when no callback of ours is on the stack.
 *
 * Used to free objects whose callbacks may still be running, and to start over without recursion.
 */
#pragma once

#include <stdbool.h>
#include <sys/queue.h>

struct event_base;
struct defer;

/* Embedded in the object it is for. */
struct deferred {
	void (*run)(struct deferred *deferred);
	STAILQ_ENTRY(deferred) link;
	bool queued;
};

struct defer *defer_new(struct event_base *base);        /* waits as clients do (loop.h) */
struct defer *defer_new_urgent(struct event_base *base); /* does not */
void defer_free(struct defer *defer); /* runs what is queued */

/* Runs what is queued now: when the loop does not turn any more. */
void defer_run(struct defer *defer);

/* Queues it (once; again while queued does nothing). */
void defer_call(struct defer *defer, struct deferred *deferred);
