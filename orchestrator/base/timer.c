/* timer: a libevent timer with our clock and no error to check.
 *
 * The delay counts from the real now: libevent would count from the start of the loop's turn, which lets a busy turn
 * cut deadlines short.
 */
#include "orchestrator/base/timer.h"

#include "common/clock.h"
#include "common/mem.h"
#include "orchestrator/base/loop.h"

#include <event2/event.h>
#include <stdlib.h>

struct timer {
	struct event_base *base;
	struct event *event;
	timer_call *call;
	void *arg;
};

static void on_event(evutil_socket_t fd, short what, void *arg)
{
	struct timer *timer = arg;

	(void)fd;
	(void)what;
	timer->call(timer->arg);
}

static struct timer *make(struct event_base *base, enum loop_priority priority, timer_call *call, void *arg)
{
	struct timer *timer = mem_zero(sizeof(*timer));

	timer->base = base;
	timer->event = loop_event_new(base, priority, -1, 0, on_event, timer);
	timer->call = call;
	timer->arg = arg;
	return timer;
}

struct timer *timer_new(struct event_base *base, timer_call *call, void *arg)
{
	return make(base, LOOP_URGENT, call, arg);
}

struct timer *timer_new_of_clients(struct event_base *base, timer_call *call, void *arg)
{
	return make(base, LOOP_CLIENTS, call, arg);
}

void timer_free(struct timer *timer)
{
	if (timer == NULL)
		return;
	event_free(timer->event);
	free(timer);
}

void timer_set(struct timer *timer, int64_t delay_us)
{
	struct timeval wait = clock_timeval(delay_us);

	if (delay_us <= 0) {
		event_del(timer->event);
		event_active(timer->event, EV_TIMEOUT, 1);
		return;
	}
	event_base_update_cache_time(timer->base);
	if (evtimer_add(timer->event, &wait) == -1)
		mem_must(NULL);
}

void timer_set_at(struct timer *timer, int64_t at_us)
{
	timer_set(timer, at_us - clock_us());
}

void timer_clear(struct timer *timer)
{
	event_del(timer->event);
}
