/* backoff: how long it waits, and what ends that. */
#include "orchestrator/base/backoff.h"

#include "common/clock.h"
#include "tests/unit/unit.h"

#include <string.h>

START_TEST(doubles_up_to_half_a_minute)
{
	static const int64_t waits_ms[] = {500, 1000, 2000, 4000, 8000, 16000, 30000, 30000};
	struct backoff backoff = {0};
	int64_t now_us = 7000000;

	for (size_t i = 0; i < sizeof(waits_ms) / sizeof(waits_ms[0]); i++) {
		clock_fake(now_us);
		ck_assert(backoff_due(&backoff));
		ck_assert_int_eq(backoff_fail(&backoff, RETRY_SLOT), waits_ms[i] * 1000);
		now_us += waits_ms[i] * 1000;
		clock_fake(now_us - 1);
		ck_assert(!backoff_due(&backoff));
	}
	for (unsigned level = 100; level < 103; level++)
		ck_assert_int_eq(backoff_wait_us(level), 30000000);
	clock_fake(-1);
}
END_TEST

START_TEST(a_pace_of_its_own)
{
	static const int64_t waits_ms[] = {100, 200, 400, 500, 500};
	static const struct backoff_pace pace = {.first_us = 100000, .most_us = 500000};
	struct backoff backoff = {0};
	uint64_t before = backoff_retries(RETRY_LINK);

	for (size_t i = 0; i < sizeof(waits_ms) / sizeof(waits_ms[0]); i++)
		ck_assert_int_eq(backoff_fail_at(&backoff, pace, RETRY_LINK), waits_ms[i] * 1000);
	ck_assert_uint_eq(backoff_retries(RETRY_LINK), before + 5);
}
END_TEST

START_TEST(reset_and_hurried)
{
	struct backoff backoff = {0};

	clock_fake(1000000);
	backoff_fail(&backoff, RETRY_ROLL);
	backoff_fail(&backoff, RETRY_ROLL);
	backoff_hurry(&backoff);
	ck_assert(backoff_due(&backoff));
	ck_assert_int_eq(backoff_fail(&backoff, RETRY_ROLL), 2000000);
	backoff_reset(&backoff);
	ck_assert(backoff_due(&backoff));
	ck_assert_int_eq(backoff_fail(&backoff, RETRY_ROLL), 500000);
	clock_fake(-1);
}
END_TEST

/* Its owner knows when to try again: the level stays. */
START_TEST(timed_by_its_owner)
{
	struct backoff backoff = {0};

	clock_fake(1000000);
	backoff_fail(&backoff, RETRY_SLOT);
	backoff_wait(&backoff, 5000);
	clock_fake(1004999);
	ck_assert(!backoff_due(&backoff));
	clock_fake(1005000);
	ck_assert(backoff_due(&backoff));
	ck_assert_int_eq(backoff_fail(&backoff, RETRY_SLOT), 1000000);
	clock_fake(-1);
}
END_TEST

START_TEST(each_is_counted)
{
	struct backoff backoff = {0};
	uint64_t before = backoff_retries(RETRY_LIST), others = backoff_retries(RETRY_SLOT);

	backoff_fail(&backoff, RETRY_LIST);
	backoff_count(RETRY_LIST);
	ck_assert_uint_eq(backoff_retries(RETRY_LIST), before + 2);
	ck_assert_uint_eq(backoff_retries(RETRY_SLOT), others);
	for (int what = 0; what < RETRY_COUNT; what++)
		ck_assert_uint_gt(strlen(backoff_retry_text((enum retry)what)), 0);
}
END_TEST

UNIT_MAIN("backoff", doubles_up_to_half_a_minute, a_pace_of_its_own, reset_and_hurried, timed_by_its_owner,
          each_is_counted)
