/* The simulation around the scaler: what runs, for how long, and what an ideal would have cost. */
#include "orchestrator/cli/simulate/simulation.h"
#include "orchestrator/cli/simulate/summary.h"

#include "tests/unit/unit.h"

#include <math.h>

#define S(seconds) ((int64_t)(1000000 * (seconds)))
/* braces in macros: versions of clang-format differ */
/* clang-format off */
#define POINT(seconds, n) {.at_us = S(seconds), .spread_us = 0, .count = (n)} /* all of them at once */
/* clang-format on */
#define RUN(...)                                                    \
	do {                                                        \
		struct trace_point points_[] = {__VA_ARGS__};       \
		run(points_, sizeof(points_) / sizeof(points_[0])); \
	} while (0)

static struct config_scale scale;
static int64_t start_ms;
static struct simulation simulation;

static void set(int64_t min, int64_t max, bool early)
{
	scale = (struct config_scale){
	        .window_s = 100, .requests_per_container = 10, .early = early, .min = min, .max = max};
	start_ms = 0;
}

static void run(struct trace_point *points, size_t count)
{
	struct trace trace = {.points = points, .count = count};
	uint64_t in_windows = 0;

	simulation_run(&scale, start_ms, &trace, &simulation);
	for (size_t i = 0; i < simulation.window_count; i++)
		in_windows += simulation.windows[i].count;
	ck_assert_uint_eq(in_windows, simulation.requests);
}

static void check_decision(size_t i, double at_s, enum simulation_why why, uint64_t count, int from, int wanted)
{
	const struct simulation_decision *decision = &simulation.decisions[i];

	ck_assert_uint_lt(i, simulation.decision_count);
	ck_assert_int_eq(decision->at_us, S(at_s));
	ck_assert_int_eq(decision->why, why);
	ck_assert_uint_eq(decision->count, count);
	ck_assert_int_eq(decision->from, from);
	ck_assert_int_eq(decision->wanted, wanted);
}

/* 1 for 10 s; then 3 (early) to 110; 3 until 210, where 5 requests asked for 1; 1 until 310, the chain's end. */
START_TEST(decisions_and_container_time)
{
	set(1, 10, true);
	RUN(POINT(10, 25), POINT(150, 5), POINT(500, 0));
	check_decision(0, 10, SIMULATION_EARLY, 11, 1, 2);
	check_decision(1, 10, SIMULATION_EARLY, 21, 2, 3);
	check_decision(2, 110, SIMULATION_WINDOW, 25, 3, 3);
	check_decision(3, 210, SIMULATION_WINDOW, 5, 3, 1);
	check_decision(4, 310, SIMULATION_IDLE, 0, 1, 1);
	ck_assert_uint_eq(simulation.decision_count, 5);
	ck_assert_int_eq(simulation.end_us, S(500));
	ck_assert_int_eq(simulation.container_us, S(10 + 3 * 200 + 290));
	ck_assert_int_eq(simulation.ideal_us, S(10 + 3 * 100 + 390));
	ck_assert_int_eq(simulation.short_us, 0);
	ck_assert_uint_eq(simulation.started, 2);
	ck_assert_uint_eq(simulation.stopped, 2);
	simulation_clear(&simulation);
}
END_TEST

/* Without early growth the window runs short by two for its whole length. */
START_TEST(short_of_the_ideal)
{
	struct summary summary;

	set(1, 10, false);
	RUN(POINT(0, 25));
	ck_assert_int_eq(simulation.end_us, S(100)); /* the whole window */
	ck_assert_int_eq(simulation.container_us, S(100));
	ck_assert_int_eq(simulation.ideal_us, S(300));
	ck_assert_int_eq(simulation.short_us, S(200));
	summary_make(&simulation, &summary);
	ck_assert(fabs(summary.spare_hours) < 1e-9);
	ck_assert(fabs(summary.load_max - 25) < 1e-9);
	simulation_clear(&simulation);
}
END_TEST

START_TEST(held_while_the_first_starts)
{
	set(0, 10, true);
	start_ms = 300;
	RUN(POINT(5, 1), POINT(5.2, 1), POINT(5.3, 1), POINT(400, 1));
	ck_assert_uint_eq(simulation.held, 3); /* two, and after the idle window that stopped it one more */
	ck_assert_int_eq(simulation.longest_hold_us, 300000);
	check_decision(0, 5, SIMULATION_FIRST, 1, 0, 1);
	check_decision(2, 205, SIMULATION_IDLE, 0, 1, 0);
	check_decision(3, 400, SIMULATION_FIRST, 1, 0, 1);
	/* the ideal starts both ahead, and stops after the window, not after the next */
	ck_assert_int_eq(simulation.container_us, S(200 + 100));
	ck_assert_int_eq(simulation.ideal_us, S(100 + 100 + 0.3 + 0.3));
	simulation_clear(&simulation);
}
END_TEST

/* A gap shorter than the start is not worth a stop; and the second container alone pays for its start. */
START_TEST(the_ideal_pays_for_starts)
{
	set(1, 10, true);
	start_ms = 150000;
	RUN(POINT(50, 15), POINT(150, 1), POINT(250, 15));
	ck_assert_int_eq(simulation.end_us, S(350));
	ck_assert_int_eq(simulation.ideal_us, S(350 + 50 + 100 + 100 + 100));
	simulation_clear(&simulation);
}
END_TEST

START_TEST(never_beyond_the_limits)
{
	set(2, 3, true);
	RUN(POINT(0, 1000), POINT(100, 1), POINT(200, 0));
	for (size_t i = 0; i < simulation.decision_count; i++) {
		ck_assert_int_ge(simulation.decisions[i].wanted, 2);
		ck_assert_int_le(simulation.decisions[i].wanted, 3);
	}
	ck_assert_int_eq(simulation.ideal_us, S(300 + 200));
	simulation_clear(&simulation);
}
END_TEST

START_TEST(no_request_at_all)
{
	struct summary summary;

	set(0, 3, true);
	RUN(POINT(50, 0));
	ck_assert_int_eq(simulation.end_us, S(50));
	ck_assert_int_eq(simulation.container_us, 0);
	summary_make(&simulation, &summary);
	ck_assert(fabs(summary.ratio - 1) < 1e-9);
	simulation_clear(&simulation);
}
END_TEST

UNIT_MAIN("simulation", decisions_and_container_time, short_of_the_ideal, held_while_the_first_starts,
          the_ideal_pays_for_starts, never_beyond_the_limits, no_request_at_all)
