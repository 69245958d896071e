/* timer: one shot on the loop, in microseconds. Thin cover over libevent's timers; nothing else. */
#pragma once

#include <stdint.h>

struct event_base;

typedef void timer_call(void *arg);
struct timer;

/* Urgent, or waiting as clients do (loop.h). Not set yet. */
struct timer *timer_new(struct event_base *base, timer_call *call, void *arg);
struct timer *timer_new_of_clients(struct event_base *base, timer_call *call, void *arg);

/* NULL is fine; also from its own callback. */
void timer_free(struct timer *timer);

/* From now; 0 and less: in the loop's next turn. Replaces an earlier one. */
void timer_set(struct timer *timer, int64_t delay_us);

void timer_set_at(struct timer *timer, int64_t at_us); /* clock_us */
void timer_clear(struct timer *timer);
