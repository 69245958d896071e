/* deadline: many cheap, coarse timeouts.
 *
 * Setting one is a store, so that every request can have several. One timer walks the list; a deadline is noticed at most
 * one tick late (an eighth of the shortest timeout, 5 to 250 ms).
 */
#pragma once

#include <stdint.h>
#include <sys/queue.h>

struct event_base;
struct deadlines;

#define DEADLINE_NEVER INT64_MAX

/* Embedded in the object it belongs to. */
struct deadline {
	int64_t at_us;
	void (*on_passed)(struct deadline *deadline); /* at_us is NEVER when it runs; may set it again, or remove any */
	TAILQ_ENTRY(deadline) link;
};

struct deadlines *deadlines_new(struct event_base *base, int64_t shortest_timeout_ms);
void deadlines_retune(struct deadlines *deadlines, int64_t shortest_timeout_ms);
void deadlines_free(struct deadlines *deadlines);

void deadline_add(struct deadlines *deadlines, struct deadline *deadline, void (*on_passed)(struct deadline *));
void deadline_remove(struct deadlines *deadlines, struct deadline *deadline);

static inline void deadline_set(struct deadline *deadline, int64_t at_us)
{
	deadline->at_us = at_us;
}

/* No later than then. */
static inline void deadline_hasten(struct deadline *deadline, int64_t at_us)
{
	if (at_us < deadline->at_us)
		deadline->at_us = at_us;
}

static inline void deadline_clear(struct deadline *deadline)
{
	deadline->at_us = DEADLINE_NEVER;
}
