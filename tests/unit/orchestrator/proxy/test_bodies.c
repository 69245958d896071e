/* bodies: who is too slow, and who goes where room is short. */
#include "orchestrator/proxy/bodies.h"

#include "tests/unit/unit.h"

#define SECOND INT64_C(1000000)
#define IDLE_US (60 * SECOND)
#define KIB INT64_C(1024)
#define MIB (1024 * KIB)

static struct bodies bodies;
static struct body body[4];

static void make(void)
{
	bodies_init(&bodies);
	for (int i = 0; i < 4; i++)
		body[i] = (struct body){0};
}

static void clear(void)
{
	for (int i = 0; i < 4; i++)
		body_end(&body[i]);
}

START_TEST(ten_seconds_are_free)
{
	body_begin(&bodies, &body[0], NULL, SECOND);
	ck_assert_int_eq(body_due_us(&body[0], IDLE_US, SECOND), 11 * SECOND);
	body_grow(&body[0], 1, 5 * SECOND);
	ck_assert_int_eq(body_due_us(&body[0], IDLE_US, 5 * SECOND), 11 * SECOND);
}
END_TEST

START_TEST(then_a_kilobyte_a_second)
{
	body_begin(&bodies, &body[0], NULL, SECOND);
	body_grow(&body[0], 10 * KIB, 9 * SECOND);
	ck_assert_int_eq(body_due_us(&body[0], IDLE_US, 9 * SECOND), 11 * SECOND);
	body_grow(&body[0], KIB / 2, 10 * SECOND);
	ck_assert_int_eq(body_due_us(&body[0], IDLE_US, 10 * SECOND), 11 * SECOND + SECOND / 2);
	body_grow(&body[0], KIB, 11 * SECOND);
	ck_assert_int_eq(body_due_us(&body[0], IDLE_US, 11 * SECOND), 12 * SECOND + SECOND / 2);
}
END_TEST

START_TEST(what_is_idle_is_over_whatever_came_before)
{
	body_begin(&bodies, &body[0], NULL, SECOND);
	body_grow(&body[0], 4095 * MIB, 2 * SECOND);
	ck_assert_int_eq(body_due_us(&body[0], IDLE_US, 2 * SECOND), 62 * SECOND);
	ck_assert_int_eq(body_due_us(&body[0], 3 * SECOND, 2 * SECOND), 5 * SECOND);
}
END_TEST

START_TEST(slow_is_who_brings_little_now)
{
	body_begin(&bodies, &body[0], NULL, 0);
	ck_assert(!body_is_slow(&body[0], 249999));
	ck_assert(body_is_slow(&body[0], 250000));
	body_grow(&body[0], 16 * KIB, 250000);
	ck_assert(!body_is_slow(&body[0], 499999));
	ck_assert(body_is_slow(&body[0], 500000));
	body_grow(&body[0], 16 * KIB - 1, 500000);
	ck_assert(body_is_slow(&body[0], 500000));
	body_grow(&body[0], 1, 500001);
	ck_assert(!body_is_slow(&body[0], 500001));
}
END_TEST

/* Filled at once and then a byte now and then: its average is high for long, but it is none that comes. */
START_TEST(a_stalled_one_goes_though_its_average_is_high)
{
	body_begin(&bodies, &body[0], NULL, 0);
	body_begin(&bodies, &body[1], NULL, 0);
	body_grow(&body[0], 16 * MIB, SECOND);
	body_grow(&body[0], 1, 3 * SECOND);
	for (int64_t at = 0; at <= 3 * SECOND; at += SECOND / 5)
		body_grow(&body[1], 16 * KIB, at);
	ck_assert_ptr_eq(bodies_slowest(&bodies, KIB, 3 * SECOND), &body[0]);
	body_end(&body[0]);
	ck_assert_ptr_null(bodies_slowest(&bodies, KIB, 3 * SECOND));
}
END_TEST

START_TEST(the_lowest_average_goes_first)
{
	for (int i = 0; i < 3; i++)
		body_begin(&bodies, &body[i], NULL, i * SECOND);
	body_grow(&body[0], 10 * MIB, 3 * SECOND); /* 1 MiB/s at 10 s */
	body_grow(&body[1], 8 * MIB, 3 * SECOND);  /* less */
	body_grow(&body[2], 8 * MIB, 3 * SECOND);  /* 1 MiB/s */
	ck_assert_ptr_eq(bodies_slowest(&bodies, MIB, 10 * SECOND), &body[1]);
	body_end(&body[1]);
	ck_assert_ptr_eq(bodies_slowest(&bodies, MIB, 10 * SECOND), &body[0]); /* as slow, and older */
	body_end(&body[0]);
	ck_assert_ptr_eq(bodies_slowest(&bodies, MIB, 10 * SECOND), &body[2]);
	body_end(&body[2]);
	body_end(&body[2]);
	ck_assert_ptr_null(bodies_slowest(&bodies, MIB, 10 * SECOND));
}
END_TEST

START_TEST(who_holds_too_little_goes_last)
{
	for (int i = 0; i < 3; i++)
		body_begin(&bodies, &body[i], NULL, 0);
	body_grow(&body[0], 1, SECOND);
	body_grow(&body[1], MIB, SECOND);
	ck_assert_ptr_eq(bodies_slowest(&bodies, KIB, 9 * SECOND), &body[1]);
	ck_assert_ptr_eq(bodies_slowest(&bodies, 2 * MIB, 9 * SECOND), &body[0]);
	body_end(&body[1]);
	ck_assert_ptr_eq(bodies_slowest(&bodies, KIB, 9 * SECOND), &body[0]);
	body_end(&body[0]);
	ck_assert_ptr_null(bodies_slowest(&bodies, KIB, 9 * SECOND)); /* the third holds nothing */
}
END_TEST

UNIT_MAIN_WITH("bodies", make, clear, ten_seconds_are_free, then_a_kilobyte_a_second,
               what_is_idle_is_over_whatever_came_before, slow_is_who_brings_little_now,
               a_stalled_one_goes_though_its_average_is_high, the_lowest_average_goes_first,
               who_holds_too_little_goes_last)
