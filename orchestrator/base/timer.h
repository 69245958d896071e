/* timer: one shot on the loop, in microseconds. Thin cover over libevent's timers; nothing else. */
#pragma once

#include <stdint.h>

struct event_base;
struct event;

typedef void timer_call(void *arg);
struct timer;

struct timer *timer_new(struct event_base *base, timer_call *call, void *arg);
void timer_free(struct timer *timer); /* NULL is fine; also from its own callback */
void timer_set(struct timer *timer,
               int64_t delay_us); /* from now; <= 0: the loop's next turn. Replaces an earlier one */
void timer_set_at(struct timer *timer, int64_t at_us); /* clock_us */
void timer_clear(struct timer *timer);
