/* fake_timer: a list of timers, and the one that is due first. Linked in the place of fleet's timer.c. */
#include "tests/unit/orchestrator/fleet/fake_timer.h"

#include "common/clock.h"
#include "common/mem.h"
#include "orchestrator/base/timer.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/queue.h>

#define QUIET_TURNS 12 /* connect, accept, ask, answer, and some more */
#define STEPS_MAX 1000000

struct timer {
	TAILQ_ENTRY(timer) link;
	int64_t at_us; /* INT64_MAX: not set */
	uint64_t set_no;
	timer_call *call;
	void *arg;
};

static TAILQ_HEAD(, timer) timers = TAILQ_HEAD_INITIALIZER(timers);
static uint64_t last_set;

struct timer *timer_new(struct event_base *base, timer_call *call, void *arg)
{
	struct timer *timer = mem_zero(sizeof(*timer));

	(void)base;
	timer->at_us = INT64_MAX;
	timer->call = call;
	timer->arg = arg;
	TAILQ_INSERT_TAIL(&timers, timer, link);
	return timer;
}

struct timer *timer_new_of_clients(struct event_base *base, timer_call *call, void *arg)
{
	return timer_new(base, call, arg);
}

void timer_free(struct timer *timer)
{
	if (timer == NULL)
		return;
	TAILQ_REMOVE(&timers, timer, link);
	free(timer);
}

void timer_set_at(struct timer *timer, int64_t at_us)
{
	timer->at_us = at_us;
	timer->set_no = ++last_set;
}

void timer_set(struct timer *timer, int64_t delay_us)
{
	timer_set_at(timer, clock_us() + (delay_us > 0 ? delay_us : 0));
}

void timer_clear(struct timer *timer)
{
	timer->at_us = INT64_MAX;
}

/* Of those of the same time, the one that was set first. */
static struct timer *first_due(int64_t until_us)
{
	struct timer *timer, *first = NULL;

	TAILQ_FOREACH (timer, &timers, link) {
		if (timer->at_us > until_us)
			continue;
		if (first == NULL || timer->at_us < first->at_us ||
		    (timer->at_us == first->at_us && timer->set_no < first->set_no))
			first = timer;
	}
	return first;
}

void fake_time_pass(struct event_base *base, int64_t us)
{
	int64_t until_us = clock_us() + us;
	struct timer *timer;

	for (int steps = 0; steps < STEPS_MAX; steps++) {
		for (int turn = 0; turn < QUIET_TURNS; turn++)
			event_base_loop(base, EVLOOP_NONBLOCK);
		timer = first_due(until_us);
		if (timer == NULL)
			break;
		if (timer->at_us > clock_us())
			clock_fake(timer->at_us);
		timer->at_us = INT64_MAX;
		timer->call(timer->arg);
	}
	clock_fake(until_us);
}
