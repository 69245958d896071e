/* deadline: a list and a tick. While the list is walked, `cursor` is the next to look at; removal moves it on. A long list
 * is walked in several turns of the loop, so that ten thousand idle connections delay nobody.
 */
#include "orchestrator/base/deadline.h"

#include "common/clock.h"
#include "common/mem.h"
#include "orchestrator/base/loop.h"

#include <event2/event.h>
#include <stdlib.h>

#define TICK_MIN_MS 5
#define TICK_MAX_MS 250
#define AT_ONCE 1000 /* looked at in one turn */

struct deadlines {
	struct event *tick;
	struct event *more; /* walks on in the next turn: an event made active by itself would come in this one */
	TAILQ_HEAD(, deadline) list;
	struct deadline *cursor; /* NULL: no walk is under way, or it is at its end */
};

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct deadlines *deadlines = arg;
	int64_t now = clock_us();
	if (deadlines->cursor == NULL)
		deadlines->cursor = TAILQ_FIRST(&deadlines->list);
	for (int count = 0; deadlines->cursor != NULL; count++) {
		if (count == AT_ONCE) {
			struct timeval next_turn = clock_timeval(0);
			event_add(deadlines->more, &next_turn);
			return;
		}
		struct deadline *deadline = deadlines->cursor;
		deadlines->cursor = TAILQ_NEXT(deadline, link);
		if (deadline->at_us > now)
			continue;
		deadline->at_us = DEADLINE_NEVER;
		deadline->on_passed(deadline);
	}
}

struct deadlines *deadlines_new(struct event_base *base, int64_t shortest_timeout_ms)
{
	struct deadlines *deadlines = mem_zero(sizeof(*deadlines));

	TAILQ_INIT(&deadlines->list);
	deadlines->tick = loop_event_new(base, LOOP_CLIENTS, -1, EV_PERSIST, on_tick, deadlines);
	deadlines->more = loop_event_new(base, LOOP_CLIENTS, -1, 0, on_tick, deadlines);
	deadlines_retune(deadlines, shortest_timeout_ms);
	return deadlines;
}

void deadlines_retune(struct deadlines *deadlines, int64_t shortest_timeout_ms)
{
	int64_t tick_ms = shortest_timeout_ms / 8;

	tick_ms = tick_ms < TICK_MIN_MS ? TICK_MIN_MS : tick_ms > TICK_MAX_MS ? TICK_MAX_MS : tick_ms;
	struct timeval every = clock_timeval(tick_ms * 1000);
	event_add(deadlines->tick, &every);
}

void deadlines_free(struct deadlines *deadlines)
{
	if (deadlines == NULL)
		return;
	event_free(deadlines->tick);
	event_free(deadlines->more);
	free(deadlines);
}

void deadline_add(struct deadlines *deadlines, struct deadline *deadline, void (*on_passed)(struct deadline *))
{
	deadline->at_us = DEADLINE_NEVER;
	deadline->on_passed = on_passed;
	TAILQ_INSERT_TAIL(&deadlines->list, deadline, link);
}

void deadline_remove(struct deadlines *deadlines, struct deadline *deadline)
{
	if (deadlines->cursor == deadline)
		deadlines->cursor = TAILQ_NEXT(deadline, link);
	TAILQ_REMOVE(&deadlines->list, deadline, link);
}
