/* clock: monotonic time, or what a test says it is. */
#include "common/clock.h"

#include <assert.h>
#include <time.h>

static int64_t fake_us = -1;
static _Thread_local int64_t recent_us;

int64_t clock_us(void)
{
	struct timespec now;

	if (fake_us != -1)
		return fake_us;
	int rc = clock_gettime(CLOCK_MONOTONIC, &now);
	assert(rc == 0);
	(void)rc;
	recent_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
	return recent_us;
}

int64_t clock_recent_us(void)
{
	return fake_us != -1 ? fake_us : recent_us;
}

int64_t clock_ms(void)
{
	return clock_us() / 1000;
}

struct timeval clock_timeval(int64_t us)
{
	if (us < 0)
		us = 0;
	return (struct timeval){.tv_sec = us / 1000000, .tv_usec = us % 1000000};
}

void clock_fake(int64_t now_us)
{
	fake_us = now_us;
}

int64_t clock_wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
