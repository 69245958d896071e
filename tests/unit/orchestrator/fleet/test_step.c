/* step: how often it looks, when it looks again, and what its end says. */
#include "common/clock.h"
#include "orchestrator/fleet/step.h"
#include "tests/unit/orchestrator/fleet/fake_timer.h"
#include "tests/unit/unit.h"

#define SECOND 1000000

static struct event_base *base;
static struct step *step;
static unsigned looks, ends, settled_ends, again;
static int64_t by_us;
static bool free_at_end;

static void on_look(void *arg)
{
	(void)arg;
	looks++;
	if (again > 0) {
		again--;
		step_soon(step);
	}
	if (by_us != 0)
		step_by(step, by_us);
}

static void on_over(bool settled, void *arg)
{
	(void)arg;
	ends++;
	settled_ends += settled;
	if (free_at_end) {
		step_free(step);
		step = NULL;
	}
}

static void make(void)
{
	clock_fake(SECOND);
	base = event_base_new();
	step = step_new(&(struct step_settings){.base = base, .look = on_look, .over = on_over});
	looks = ends = settled_ends = again = 0;
	by_us = 0;
	free_at_end = false;
}

static void clear(void)
{
	step_free(step);
	event_base_free(base);
	clock_fake(-1);
}

START_TEST(nothing_is_due_at_first)
{
	fake_time_pass(base, 10 * SECOND);
	ck_assert_uint_eq(looks, 0);
}
END_TEST

START_TEST(however_often_it_is_asked_for_it_looks_once)
{
	step_soon(step);
	step_soon(step);
	ck_assert_uint_eq(looks, 0); /* not from within */
	fake_time_pass(base, SECOND);
	ck_assert_uint_eq(looks, 1);
	ck_assert_uint_eq(settled_ends, 1);
}
END_TEST

START_TEST(it_looks_again_while_something_changes)
{
	again = 3;
	step_soon(step);
	fake_time_pass(base, 0);
	ck_assert_uint_eq(looks, 4);
	ck_assert_uint_eq(ends, 1);
	ck_assert_uint_eq(settled_ends, 1);
}
END_TEST

/* Something that changes for ever does not keep the loop. */
START_TEST(after_some_looks_the_loop_has_its_turn)
{
	again = 10;
	step_soon(step);
	fake_time_pass(base, 0);
	ck_assert_uint_eq(looks, 8);
	ck_assert_uint_eq(ends, 1);
	ck_assert_uint_eq(settled_ends, 0);
	fake_time_pass(base, 10);
	ck_assert_uint_eq(looks, 11);
	ck_assert_uint_eq(settled_ends, 1);
}
END_TEST

START_TEST(the_earliest_of_the_times_counts)
{
	by_us = 3 * SECOND;
	step_soon(step);
	fake_time_pass(base, 0);
	fake_time_pass(base, SECOND);
	ck_assert_uint_eq(looks, 1);
	by_us = 0;
	fake_time_pass(base, 2 * SECOND);
	ck_assert_uint_eq(looks, 2);
	fake_time_pass(base, 100 * SECOND); /* the last look named no time */
	ck_assert_uint_eq(looks, 2);
}
END_TEST

START_TEST(the_end_may_free_it)
{
	free_at_end = true;
	again = 1;
	step_soon(step);
	fake_time_pass(base, SECOND);
	ck_assert_uint_eq(ends, 1);
	ck_assert_ptr_null(step);
}
END_TEST

UNIT_MAIN_WITH("step", make, clear, nothing_is_due_at_first, however_often_it_is_asked_for_it_looks_once,
               it_looks_again_while_something_changes, after_some_looks_the_loop_has_its_turn,
               the_earliest_of_the_times_counts, the_end_may_free_it)
