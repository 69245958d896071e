/* loop: made once; the lag is the worst of the current second and of the one before.
 *
 * libevent runs the urgent callbacks that are due, or else others, and polls again. Of the others it would run all that are
 * due, thousands where thousands of clients come at once: max_dispatch_callbacks bounds them. The bound by number is a
 * counter; the bound by time that libevent has, too, reads the clock before each callback.
 */
#include "orchestrator/base/loop.h"

#include "common/clock.h"
#include "common/mem.h"

#include <stdlib.h>

#define TICK_US 100000
#define SECOND_US 1000000

struct loop_lag {
	struct event *tick;
	int64_t expected_us;
	int64_t second_us;     /* when the current second began */
	int64_t worst_us;      /* in it */
	int64_t last_worst_us; /* in the one before */
};

struct event_base *loop_new(void)
{
	struct event_config *config = mem_must(event_config_new());

	/* not PRECISE_TIMER: it costs a timerfd_settime in every turn, and nothing here needs less than a millisecond */
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
	event_config_set_max_dispatch_interval(config, NULL, LOOP_CLIENTS_AT_ONCE, LOOP_CLIENTS);
	struct event_base *base = mem_must(event_base_new_with_config(config));
	event_config_free(config);
	event_base_priority_init(base, LOOP_PRIORITIES);
	return base;
}

static void set_priority(struct event *event, struct event_base *base, enum loop_priority priority)
{
	if (event_base_get_npriorities(base) == LOOP_PRIORITIES)
		event_priority_set(event, priority);
}

struct event *loop_event_new(struct event_base *base, enum loop_priority priority, evutil_socket_t fd, short what,
                             event_callback_fn call, void *arg)
{
	struct event *event = mem_must(event_new(base, fd, what, call, arg));

	set_priority(event, base, priority);
	return event;
}

void loop_event_assign(struct event *event, struct event_base *base, enum loop_priority priority, evutil_socket_t fd,
                       short what, event_callback_fn call, void *arg)
{
	event_assign(event, base, fd, what, call, arg);
	set_priority(event, base, priority);
}

static void tick_again(const struct loop_lag *lag)
{
	struct timeval tick = clock_timeval(TICK_US);

	event_add(lag->tick, &tick);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct loop_lag *lag = arg;
	int64_t now = clock_us(), late = now - lag->expected_us;
	if (late > lag->worst_us)
		lag->worst_us = late;
	if (now - lag->second_us >= SECOND_US) {
		lag->last_worst_us = lag->worst_us;
		lag->worst_us = 0;
		lag->second_us = now;
	}
	lag->expected_us = now + TICK_US;
	tick_again(lag);
}

struct loop_lag *loop_lag_new(struct event_base *base)
{
	struct loop_lag *lag = mem_zero(sizeof(*lag));

	lag->tick = loop_event_new(base, LOOP_CLIENTS, -1, 0, on_tick, lag);
	lag->second_us = clock_us();
	lag->expected_us = lag->second_us + TICK_US;
	tick_again(lag);
	return lag;
}

void loop_lag_free(struct loop_lag *lag)
{
	if (lag == NULL)
		return;
	event_free(lag->tick);
	free(lag);
}

int64_t loop_lag_us(const struct loop_lag *lag)
{
	return lag->worst_us > lag->last_worst_us ? lag->worst_us : lag->last_worst_us;
}
