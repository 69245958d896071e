/* crashes: what is a loop, how long it waits, and what ends it. */
#include "common/clock.h"
#include "orchestrator/fleet/crashes.h"
#include "orchestrator/fleet/step.h"
#include "tests/unit/unit.h"

#define SECOND 1000000

static struct crashes crashes;
static int64_t now_us;

static void make(void)
{
	crashes = (struct crashes){0};
	now_us = 1000 * (int64_t)SECOND;
	clock_fake(now_us);
}

static void clear(void)
{
	clock_fake(-1);
}

static int64_t crash_after(int64_t seconds, bool was_ready)
{
	now_us += seconds * SECOND;
	clock_fake(now_us);
	return crashes_note(&crashes, was_ready);
}

START_TEST(three_within_the_window_are_a_loop)
{
	ck_assert_int_eq(crash_after(0, true), 0);
	ck_assert_int_eq(crash_after(15, true), 0);
	ck_assert_int_eq(crash_after(15, true), 500000);
	ck_assert_int_eq(crash_after(1, true), SECOND);
	ck_assert_int_eq(crash_after(1, true), 2 * SECOND);
}
END_TEST

START_TEST(three_over_a_longer_time_are_none)
{
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(crash_after(16, true), 0);
}
END_TEST

/* However long each of them took. */
START_TEST(three_that_were_never_ready_are_a_loop)
{
	ck_assert_int_eq(crash_after(300, false), 0);
	ck_assert_int_eq(crash_after(300, false), 0);
	ck_assert_int_eq(crash_after(300, false), 500000);
}
END_TEST

START_TEST(one_that_was_ready_begins_anew)
{
	ck_assert_int_eq(crash_after(300, false), 0);
	ck_assert_int_eq(crash_after(300, false), 0);
	ck_assert_int_eq(crash_after(300, true), 0);
	ck_assert_int_eq(crash_after(300, false), 0);
}
END_TEST

START_TEST(a_container_that_was_well_ends_the_loop)
{
	for (int i = 0; i < 4; i++)
		(void)crash_after(1, true);
	ck_assert_uint_eq(crashes.level, 2);
	crashes_calm(&crashes, NEVER);
	crashes_calm(&crashes, now_us - 29 * SECOND);
	ck_assert_uint_eq(crashes.level, 2);
	crashes_calm(&crashes, now_us - 30 * SECOND);
	ck_assert_uint_eq(crashes.level, 0);
}
END_TEST

START_TEST(a_pardoned_one_does_not_count)
{
	(void)crash_after(1, true);
	(void)crash_after(1, true);
	crashes_pardon(&crashes);
	ck_assert_int_eq(crash_after(1, true), 0);
	ck_assert_int_gt(crash_after(1, true), 0);
	crashes_pardon(&crashes);
	ck_assert_uint_eq(crashes.level, 0);
}
END_TEST

UNIT_MAIN_WITH("crashes", make, clear, three_within_the_window_are_a_loop, three_over_a_longer_time_are_none,
               three_that_were_never_ready_are_a_loop, one_that_was_ready_begins_anew,
               a_container_that_was_well_ends_the_loop, a_pardoned_one_does_not_count)
