/* silence: notices backends that owe replies and say nothing, and has health probe them.
 *
 * No request has a timer of its own: one for all looks at every backend's pulse, and runs only while requests wait for
 * their first byte, and for a second after that.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event;
struct event_base;
struct service;

struct silence {
	struct service *(*at)(size_t index, void *arg);
	void *arg;
	struct event *tick;
	bool awake;
	int64_t expected_us; /* the next tick */
	int64_t sleepy_us;   /* since when nobody has waited */
};

/* at: the services, by index from 0; NULL behind the last. */
void silence_open(struct silence *silence, struct event_base *base, struct service *(*at)(size_t index, void *arg),
                  void *arg);
void silence_close(struct silence *silence); /* harmless if it was not opened */
void silence_start(struct silence *silence);

/* A request was sent. */
static inline void silence_wake(struct silence *silence)
{
	if (!silence->awake)
		silence_start(silence);
}
