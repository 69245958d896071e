/* backoff: a level and a time. */
#include "orchestrator/base/backoff.h"

#include "common/clock.h"

#include <assert.h>
#include <stdatomic.h>

static const struct backoff_pace usual = {.first_us = 500000, .most_us = 30000000};

static _Atomic uint64_t retries[RETRY_COUNT];

static const char *const texts[RETRY_COUNT] = {
#define X(name, text) [RETRY_##name] = text,
        RETRIES(X)
#undef X
};

int64_t backoff_pace_us(struct backoff_pace pace, unsigned level)
{
	int64_t wait_us = pace.first_us;

	for (; level > 1 && wait_us < pace.most_us; level--)
		wait_us *= 2;
	return wait_us < pace.most_us ? wait_us : pace.most_us;
}

int64_t backoff_wait_us(unsigned level)
{
	return backoff_pace_us(usual, level);
}

int64_t backoff_fail_at(struct backoff *backoff, struct backoff_pace pace, enum retry what)
{
	int64_t wait_us = backoff_pace_us(pace, ++backoff->level);

	backoff_count(what);
	backoff->next_us = clock_us() + wait_us;
	return wait_us;
}

int64_t backoff_fail(struct backoff *backoff, enum retry what)
{
	return backoff_fail_at(backoff, usual, what);
}

void backoff_wait(struct backoff *backoff, int64_t wait_us)
{
	backoff->next_us = clock_us() + wait_us;
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
	atomic_fetch_add_explicit(&retries[what], 1, memory_order_relaxed);
}

uint64_t backoff_retries(enum retry what)
{
	assert((unsigned)what < RETRY_COUNT);
	return atomic_load_explicit(&retries[what], memory_order_relaxed);
}

const char *backoff_retry_text(enum retry what)
{
	assert((unsigned)what < RETRY_COUNT);
	return texts[what];
}
