/* loop: made once; the lag is the worst of the current second and of the one before. */
#include "orchestrator/loop.h"

#include "common/clock.h"
#include "common/mem.h"

#include <event2/event.h>
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
	struct event_base *base = mem_must(event_base_new_with_config(config));
	event_config_free(config);
	event_base_priority_init(base, 2);
	return base;
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
	event_add(lag->tick, &(struct timeval){0, TICK_US});
}

struct loop_lag *loop_lag_new(struct event_base *base)
{
	struct loop_lag *lag = mem_zero(sizeof *lag);
	lag->tick = event_new(base, -1, 0, on_tick, lag);
	lag->second_us = clock_us();
	lag->expected_us = lag->second_us + TICK_US;
	event_add(lag->tick, &(struct timeval){0, TICK_US});
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
