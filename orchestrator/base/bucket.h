/* bucket: so many a second, and a number at once: a bucket that fills steadily up to its rim, and each takes one out. Pure; times
 * are clock_us.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct bucket {
	double per_s;
	double most; /* 1 at least */
	double level;
	int64_t at_us; /* when it was so */
};

/* Full. per_s above 0. */
static inline void bucket_init(struct bucket *bucket, double per_s, double most, int64_t now_us)
{
	*bucket = (struct bucket){.per_s = per_s, .most = most > 1 ? most : 1, .at_us = now_us};
	bucket->level = bucket->most;
}

static inline void bucket_fill(struct bucket *bucket, int64_t now_us)
{
	bucket->level += (double)(now_us - bucket->at_us) * bucket->per_s / 1e6;
	if (bucket->level > bucket->most)
		bucket->level = bucket->most;
	bucket->at_us = now_us;
}

/* Is there one to take? */
static inline bool bucket_has(struct bucket *bucket, int64_t now_us)
{
	bucket_fill(bucket, now_us);
	return bucket->level >= 1;
}

/* More may be taken than is there: then the next has to wait the longer. */
static inline void bucket_take(struct bucket *bucket)
{
	bucket->level--;
}

/* How long until there is one; just after bucket_has said that there is none. */
static inline int64_t bucket_wait_us(const struct bucket *bucket)
{
	return (int64_t)((1 - bucket->level) * 1e6 / bucket->per_s) + 1;
}
