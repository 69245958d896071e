/* pulse: what the traffic of a backend says about it: since when it owes a reply, when it last gave a sign of life, how
 * long it usually takes. Pure, and cheap enough for every request: the proxy writes it with times that it has anyway,
 * health reads it. Times are clock_us, as of the callback that runs.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct pulse {
	unsigned waiting;   /* requests of which no byte of a reply has come */
	int64_t waiting_us; /* since when there has been one all the time */
	int64_t heard_us;   /* the last sign of life: a byte of some reply, or of a request that it took */
	int64_t usual_us;   /* from a request to the first byte of its reply: a moving average; 0: none was measured */
	bool missed; /* its last probe was missed, and it was silent: what waits on it may go elsewhere as well */
};

static inline void pulse_begin(struct pulse *pulse, int64_t now_us)
{
	if (pulse->waiting++ == 0)
		pulse->waiting_us = now_us;
}

/* The request has its first byte, or is given up. */
static inline void pulse_end(struct pulse *pulse)
{
	pulse->waiting--;
}

static inline void pulse_hear(struct pulse *pulse, int64_t now_us)
{
	pulse->heard_us = now_us;
}

/* Of a reply whose first byte came. */
static inline void pulse_measure(struct pulse *pulse, int64_t took_us)
{
	pulse->usual_us += (took_us - pulse->usual_us) / 8;
}

/* Has it owed a reply, and said nothing at all, for longer than is usual: max(100 ms, 4 x its usual time)? */
bool pulse_is_silent(const struct pulse *pulse, int64_t now_us);
