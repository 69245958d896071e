/* clock: monotonic time, replaceable in tests. */
#pragma once

#include <stdint.h>
#include <sys/time.h>

/* Monotonic time in microseconds (CLOCK_MONOTONIC). */
int64_t clock_us(void);

/* What clock_us said last: for code that runs many times in one callback of the loop, which reads the clock as it starts.
 * 0 before the first reading. */
int64_t clock_recent_us(void);

/* clock_us in milliseconds, rounded down. */
int64_t clock_ms(void);

/* The date: milliseconds since the epoch (CLOCK_REALTIME). To be shown, not to be reckoned with. */
int64_t clock_wall_ms(void);

/* A length of time as libevent and select want it; below 0 it is 0. */
struct timeval clock_timeval(int64_t us);

/* Tests: from now on the clock reads this many microseconds; -1 goes back to the real one. */
void clock_fake(int64_t now_us);
