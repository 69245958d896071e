/* The scaler: formulas, windows, early growth, restart. */
#include "orchestrator/fleet/scaler.h"

#include "tests/unit/unit.h"

#define S(seconds) (1000000 * (int64_t)(seconds))

static struct config_scale scale;
static struct scaler scaler;

static void setup(void)
{
	scale = (struct config_scale){.window_s = 120,
	                              .requests_per_container = 20,
	                              .formula = CONFIG_FORMULA_CEIL,
	                              .early = true,
	                              .min = 1,
	                              .max = 10};
	scaler_init(&scaler, &scale);
}

static struct scaler_decision count_at(int64_t now_us, int n)
{
	struct scaler_decision decision = {0};

	while (n-- > 0)
		decision = scaler_count(&scaler, now_us);
	return decision;
}

START_TEST(formulas)
{
	static const struct {
		uint64_t n;
		int ceil, floor;
	} rows[] = {{0, 1, 1},  {1, 1, 1},  {3, 1, 1},   {19, 1, 1},   {20, 1, 2},    {21, 2, 2},
	            {39, 2, 2}, {40, 2, 3}, {100, 5, 6}, {180, 9, 10}, {201, 10, 10}, {UINT64_MAX, 10, 10}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		scale.formula = CONFIG_FORMULA_CEIL;
		ck_assert_int_eq(scaler_wanted(&scale, rows[i].n), rows[i].ceil);
		scale.formula = CONFIG_FORMULA_FLOOR_PLUS_1;
		ck_assert_int_eq(scaler_wanted(&scale, rows[i].n), rows[i].floor);
	}
}
END_TEST

START_TEST(grows_early_shrinks_at_the_end)
{
	struct scaler_decision decision;

	ck_assert(!count_at(S(5), 20).changed);
	decision = count_at(S(6), 1);
	ck_assert(decision.changed && !decision.window_ended);
	ck_assert_int_eq(decision.wanted, 2);
	count_at(S(7), 79);
	ck_assert_int_eq(scaler.wanted, 5);
	decision = scaler_tick(&scaler, S(125) - 1);
	ck_assert(!decision.window_ended);
	decision = scaler_tick(&scaler, S(125));
	ck_assert(decision.window_ended && !decision.changed);
	ck_assert_uint_eq(decision.count, 100);
	ck_assert_int_eq(scaler.wanted, 5);
	ck_assert(!count_at(S(130), 3).changed);
	decision = scaler_tick(&scaler, S(245));
	ck_assert(decision.window_ended && decision.changed);
	ck_assert_int_eq(decision.from, 5);
	ck_assert_int_eq(decision.wanted, 1);
}
END_TEST

START_TEST(late_growth_without_early)
{
	scale.early = false;
	ck_assert(!count_at(S(0), 100).changed);
	ck_assert_int_eq(scaler.wanted, 1);
	ck_assert_int_eq(scaler_tick(&scaler, S(120)).wanted, 5);
}
END_TEST

START_TEST(empty_window_ends_the_chain)
{
	count_at(S(10), 100);
	ck_assert(scaler_tick(&scaler, S(130)).window_ended);
	ck_assert_int_eq(scaler_deadline_us(&scaler), S(250));
	ck_assert_int_eq(scaler_tick(&scaler, S(250)).wanted, 1);
	ck_assert_int_eq(scaler_deadline_us(&scaler), -1);
	ck_assert(!scaler_tick(&scaler, S(9999)).window_ended);
	count_at(S(1000), 1);
	ck_assert_int_eq(scaler_deadline_us(&scaler), S(1120));
}
END_TEST

/* A day of windows, called late by up to a second: the grid must not move and no request may be lost. */
START_TEST(no_drift_in_a_day)
{
	uint64_t counted = 0, seen = 0;
	int64_t first_us = -1;
	unsigned late = 1;

	scale.window_s = 10;
	for (int64_t second = 0; second < 86400; second++) {
		struct scaler_decision decision;

		late = late * 1103515245 + 12345;
		while ((decision = scaler_tick(&scaler, S(second) + late % 1000000)).window_ended)
			seen += decision.count;
		decision = scaler_count(&scaler, S(second) + late % 1000000);
		counted++;
		if (first_us == -1)
			first_us = scaler.start_us;
		if (decision.window_ended)
			seen += scaler.last_count;
	}
	ck_assert_int_eq((scaler.start_us - first_us) % S(10), 0);
	ck_assert_int_lt(scaler.start_us, S(86400));
	ck_assert_int_gt(scaler.start_us, S(86400 - 11));
	ck_assert_uint_eq(seen + scaler.count, counted);
}
END_TEST

START_TEST(request_after_the_end_counts_in_the_next)
{
	struct scaler_decision decision;

	count_at(S(0), 100);
	decision = scaler_count(&scaler, S(130));
	ck_assert(decision.window_ended);
	ck_assert_uint_eq(scaler.last_count, 100);
	ck_assert_uint_eq(scaler.count, 1);
	ck_assert_int_eq(scaler.start_us, S(120));
	/* the chain ended at 240 + 120 for want of requests, so this opens a new one */
	decision = scaler_count(&scaler, S(500));
	ck_assert(decision.changed);
	ck_assert_int_eq(decision.from, 5);
	ck_assert_int_eq(decision.wanted, 1);
	ck_assert_int_eq(scaler.start_us, S(500));
}
END_TEST

START_TEST(from_nothing)
{
	scale.min = 0;
	scale.early = false;
	scaler_init(&scaler, &scale);
	ck_assert_int_eq(scaler.wanted, 0);
	ck_assert_int_eq(scaler_count(&scaler, S(1)).wanted, 1);
	scaler_tick(&scaler, S(121));
	ck_assert_int_eq(scaler_tick(&scaler, S(241)).wanted, 0);
}
END_TEST

/* Somebody waits: one until the window's end, and no request is made up. */
START_TEST(woken)
{
	struct scaler_decision decision;

	ck_assert(!scaler_wake(&scaler, S(1)).changed); /* min is 1 */
	ck_assert(!scaler.open);
	scale.min = 0;
	scaler_init(&scaler, &scale);
	decision = scaler_wake(&scaler, S(1));
	ck_assert(decision.changed);
	ck_assert_int_eq(decision.wanted, 1);
	ck_assert_uint_eq(decision.count, 0);
	ck_assert(!scaler_wake(&scaler, S(2)).changed);
	ck_assert_int_eq(scaler_deadline_us(&scaler), S(121));
	ck_assert_int_eq(scaler_tick(&scaler, S(121)).wanted, 0);
	ck_assert(!scaler.open);
	count_at(S(200), 1);
	scaler_ask(&scaler, 0);
	ck_assert_int_eq(scaler_wake(&scaler, S(210)).wanted, 1); /* in the window that is open */
	ck_assert_int_eq(scaler_deadline_us(&scaler), S(320));
}
END_TEST

START_TEST(asked_for)
{
	struct scaler_decision decision = scaler_ask(&scaler, 4);

	ck_assert(decision.changed);
	ck_assert_int_eq(scaler_ask(&scaler, 99).wanted, 10);
	ck_assert_int_eq(scaler_ask(&scaler, -3).wanted, 1);
	scaler_ask(&scaler, 4);
	count_at(S(0), 1);
	ck_assert_int_eq(scaler.wanted, 4);
	ck_assert_int_eq(scaler_tick(&scaler, S(120)).wanted, 1);
}
END_TEST

/* A smaller number is not undone by the next request; a larger one may be outgrown. */
START_TEST(asked_for_fewer)
{
	count_at(S(0), 100);
	ck_assert_int_eq(scaler.wanted, 5);
	ck_assert_int_eq(scaler_ask(&scaler, 2).wanted, 2);
	ck_assert(!scaler_ask(&scaler, 2).changed); /* once more makes no difference */
	count_at(S(1), 100);
	ck_assert_int_eq(scaler.wanted, 2);
	ck_assert_int_eq(scaler_tick(&scaler, S(120)).wanted, 10);
	scaler_ask(&scaler, 1);
	scaler_ask(&scaler, 3);
	count_at(S(121), 70);
	ck_assert_int_eq(scaler.wanted, 4);
	scaler_ask(&scaler, 1);
	ck_assert_int_eq(scaler_tick(&scaler, S(240)).wanted, 4);
	count_at(S(241), 90);
	ck_assert_int_eq(scaler.wanted, 5); /* early again */
	scaler_tick(&scaler, S(360));
	scaler_tick(&scaler, S(480));
	scaler_ask(&scaler, 3);
	scaler_ask(&scaler, 1); /* no window is open: this holds for none */
	count_at(S(1000), 90);
	ck_assert_int_eq(scaler.wanted, 5);
}
END_TEST

START_TEST(adopts_for_one_window)
{
	ck_assert_int_eq(scaler_adopt(&scaler, S(10), 5).wanted, 5);
	ck_assert_int_eq(scaler_deadline_us(&scaler), S(130));
	ck_assert_int_eq(scaler_tick(&scaler, S(130)).wanted, 1);
	scaler_init(&scaler, &scale);
	ck_assert(!scaler_adopt(&scaler, S(10), 1).changed);
	ck_assert_int_eq(scaler_deadline_us(&scaler), -1);
}
END_TEST

START_TEST(reload_clamps)
{
	static const struct config_scale narrow = {.window_s = 60, .requests_per_container = 20, .min = 2, .max = 3};

	scaler_ask(&scaler, 8);
	scaler_configure(&scaler, &narrow);
	ck_assert_int_eq(scaler.wanted, 3);
}
END_TEST

/* They count as one by one, and are not our own. */
START_TEST(counts_those_of_others)
{
	struct scaler_decision decision;

	count_at(S(0), 3);
	decision = scaler_count_others(&scaler, S(1), 97);
	ck_assert_uint_eq(scaler.count, 100);
	ck_assert_uint_eq(scaler.total, 3);
	ck_assert_int_eq(decision.wanted, scaler_wanted(scaler.scale, 100));
	scaler_begin(&scaler);
	ck_assert_uint_eq(scaler.count, 0);
	ck_assert_uint_eq(scaler.total, 3);
	ck_assert(!scaler.open);
}
END_TEST

/* Whoever follows wants what there is, and no request changes that. */
START_TEST(follows)
{
	scaler_follow(&scaler, 3);
	ck_assert(!scaler_count(&scaler, S(0)).changed);
	count_at(S(1), 200);
	ck_assert_int_eq(scaler.wanted, 3);
	ck_assert_uint_eq(scaler.total, 201);
}
END_TEST

UNIT_MAIN_WITH("scaler", setup, NULL, formulas, grows_early_shrinks_at_the_end, late_growth_without_early,
               empty_window_ends_the_chain, no_drift_in_a_day, request_after_the_end_counts_in_the_next, from_nothing,
               woken, asked_for, asked_for_fewer, adopts_for_one_window, reload_clamps, counts_those_of_others, follows)
