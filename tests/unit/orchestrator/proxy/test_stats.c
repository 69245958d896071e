/* stats: every reply is counted once, in the bucket whose bound it does not pass. */
#include "orchestrator/proxy/stats.h"

#include "tests/unit/unit.h"

#include <math.h>
#include <string.h>

START_TEST(codes_and_times)
{
	struct stats stats = {0};

	stats_reply(&stats, 200, 400);
	stats_reply(&stats, 200, 500);
	stats_reply(&stats, 503, 501);
	stats_reply(&stats, 0, 11000000);
	stats_reply(&stats, 600, 0);
	stats_reply(&stats, -1, 0);
	ck_assert_uint_eq(stats.by_code[200], 2);
	ck_assert_uint_eq(stats.by_code[503], 1);
	ck_assert_uint_eq(stats.by_code[0], 3);
	ck_assert_uint_eq(stats.bucket[0], 4);
	ck_assert_uint_eq(stats.bucket[1], 1);
	ck_assert_uint_eq(stats.bucket[STATS_BUCKETS - 1], 1);
	ck_assert_uint_eq(stats.seconds_us, 400 + 500 + 501 + 11000000);
}
END_TEST

START_TEST(bounds_grow_and_end_open)
{
	for (size_t i = 1; i < STATS_BUCKETS; i++)
		ck_assert(stats_bucket_s[i] > stats_bucket_s[i - 1]);
	ck_assert(isinf(stats_bucket_s[STATS_BUCKETS - 1]));
}
END_TEST

START_TEST(reasons_have_texts)
{
	for (int i = 0; i < STATS_REPLAY_COUNT; i++)
		ck_assert_uint_gt(strlen(stats_replay_text((enum stats_replay)i)), 0);
	ck_assert_str_eq(stats_replay_text(STATS_REPLAY_STALE), "stale");
}
END_TEST

UNIT_MAIN("stats", codes_and_times, bounds_grow_and_end_open, reasons_have_texts)
