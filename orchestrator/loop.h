/* loop: the event base, and how late it runs. */
#pragma once

#include <stdint.h>

struct event_base;
struct loop_lag;

/* Single-threaded, epoll with a change list, two priorities (0 = timers of health and control). */
struct event_base *loop_new(void);

/* A timer of 100 ms that notices how late it is called. */
struct loop_lag *loop_lag_new(struct event_base *base);
void loop_lag_free(struct loop_lag *lag);

/* The longest delay within the last one to two seconds. */
int64_t loop_lag_us(const struct loop_lag *lag);
