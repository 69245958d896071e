/* bucket: so many at once, so many a second, and never more. */
#include "orchestrator/base/bucket.h"

#include "tests/unit/unit.h"

static int take_all(struct bucket *bucket, int64_t now_us)
{
	int count = 0;

	for (; bucket_has(bucket, now_us); count++)
		bucket_take(bucket);
	return count;
}

START_TEST(it_fills_steadily)
{
	struct bucket bucket;

	bucket_init(&bucket, 10, 5, 0);
	ck_assert_int_eq(take_all(&bucket, 0), 5);
	ck_assert_int_eq(take_all(&bucket, 99999), 0);
	ck_assert_int_eq(take_all(&bucket, 100001), 1);
	ck_assert_int_eq(take_all(&bucket, 400001), 3);
	ck_assert_int_eq(take_all(&bucket, 100000000), 5);
}
END_TEST

START_TEST(it_says_how_long)
{
	struct bucket bucket;

	bucket_init(&bucket, 4, 0.5, 0); /* one at least */
	ck_assert_int_eq(take_all(&bucket, 0), 1);
	int64_t wait_us = bucket_wait_us(&bucket);
	ck_assert_int_ge(wait_us, 250000);
	ck_assert_int_le(wait_us, 250002);
	ck_assert(!bucket_has(&bucket, wait_us - 3));
	ck_assert(bucket_has(&bucket, wait_us));
}
END_TEST

START_TEST(what_is_owed_is_waited_for)
{
	struct bucket bucket;

	bucket_init(&bucket, 1, 1, 0);
	for (int i = 0; i < 3; i++)
		bucket_take(&bucket);
	ck_assert(!bucket_has(&bucket, 2900000));
	ck_assert(bucket_has(&bucket, 3000001));
}
END_TEST

UNIT_MAIN("bucket", it_fills_steadily, it_says_how_long, what_is_owed_is_waited_for)
