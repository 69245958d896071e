/* backoff: a level and a time. */
#include "orchestrator/backoff.h"

#include "common/clock.h"

#include <assert.h>

#define FIRST_US 500000
#define MOST_US 30000000

static uint64_t retries[RETRY_COUNT];

static const char *const texts[RETRY_COUNT] = {
#define X(name, text) [RETRY_##name] = text,
        RETRIES(X)
#undef X
};

int64_t backoff_wait_us(unsigned level)
{
	int64_t wait_us = FIRST_US;

	for (; level > 1 && wait_us < MOST_US; level--)
		wait_us *= 2;
	return wait_us < MOST_US ? wait_us : MOST_US;
}

int64_t backoff_fail(struct backoff *backoff, enum retry what)
{
	int64_t wait_us = backoff_wait_us(++backoff->level);

	backoff_count(what);
	backoff->next_us = clock_us() + wait_us;
	return wait_us;
}

bool backoff_due(const struct backoff *backoff)
{
	return clock_us() >= backoff->next_us;
}

void backoff_reset(struct backoff *backoff)
{
	*backoff = (struct backoff){0};
}

void backoff_hurry(struct backoff *backoff)
{
	backoff->next_us = 0;
}

void backoff_count(enum retry what)
{
	assert((unsigned)what < RETRY_COUNT);
	retries[what]++;
}

uint64_t backoff_retries(enum retry what)
{
	assert((unsigned)what < RETRY_COUNT);
	return retries[what];
}

const char *backoff_retry_text(enum retry what)
{
	assert((unsigned)what < RETRY_COUNT);
	return texts[what];
}
