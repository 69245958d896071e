/* silence: notices backends that owe replies and say nothing, and has health probe them.
 *
 * No request has a timer of its own: one for all looks at every backend's pulse, and runs only while requests wait for
 * their first byte, and for a second after that.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct event;
struct proxy;

struct silence {
	struct proxy *proxy;
	struct event *tick;
	bool awake;
	int64_t expected_us; /* the next tick */
	int64_t sleepy_us;   /* since when nobody has waited */
};

void silence_open(struct silence *silence, struct proxy *proxy);
void silence_close(struct silence *silence); /* harmless if it was not opened */
void silence_start(struct silence *silence);

/* A request was sent. */
static inline void silence_wake(struct silence *silence)
{
	if (!silence->awake)
		silence_start(silence);
}
