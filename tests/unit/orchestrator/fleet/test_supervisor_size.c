/* The supervisor on a fake engine: how many containers there are, and the end. */
#include "tests/unit/orchestrator/fleet/supervisor_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- start, growth, shrinking ---------------------------------------------------------------------------------- */

/* From nothing, for a request that is not counted; its start takes longer than the window, and is not cut short. */
START_TEST(wakes_for_one_that_waits)
{
	bench.service.scale.min = 0;
	bench.service.scale.window_s = 1;
	bench.engine->delay_us[FAKE_START] = 1500000;
	begin();
	wait_settled();
	ck_assert_uint_eq(fake_count(bench.engine, ENGINE_RUNNING), 0);
	supervisor_set_waiting(supervisor, 1);
	wait_ready(1);
	ck_assert_uint_eq(bench.engine->calls[FAKE_START], 1);
	bench_run(&bench, 1200); /* still waiting, window after window */
	ck_assert_uint_eq(ready_now(), 1);
	ck_assert_int_eq(fake_by_name(bench.engine, "acts_0")->state, ENGINE_RUNNING);
	supervisor_set_waiting(supervisor, 0);
	wait_ready(0);
	wait_settled();
	ck_assert_uint_eq(fake_count(bench.engine, ENGINE_RUNNING), 0);
}
END_TEST

/* Nobody could serve in its stead before it is drained. */
START_TEST(stays_for_what_is_in_flight)
{
	struct backend *held;

	bench.service.scale.min = 0;
	bench.service.scale.window_s = 1;
	begin();
	supervisor_set_waiting(supervisor, 1);
	wait_ready(1);
	held = fleet_acquire(supervisor_fleet(supervisor), NULL);
	supervisor_set_waiting(supervisor, 0);
	for (int i = 0; i < 25; i++) {
		bench_run(&bench, 100);
		ck_assert_uint_eq(ready_now(), 1);
	}
	fleet_release(held, FLEET_SERVED);
	wait_ready(0);
	wait_settled();
}
END_TEST

START_TEST(starts_the_minimum)
{
	begin();
	wait_settled();
	ck_assert_ptr_nonnull(fake_by_name(bench.engine, "acts_0"));
	ck_assert_ptr_nonnull(fake_by_name(bench.engine, "acts_0.next"));
	ck_assert_uint_eq(fake_count(bench.engine, ENGINE_RUNNING), 1);
}
END_TEST

START_TEST(grows_and_shrinks)
{
	begin();
	wait_settled();
	scale_to(4);
	wait_settled();
	ck_assert_uint_eq(ready_now(), 4);
	ck_assert_ptr_nonnull(fake_by_name(bench.engine, "acts_3"));
	scale_to(2);
	wait_settled();
	ck_assert_ptr_nonnull(fake_by_name(bench.engine, "acts_1"));
	ck_assert_ptr_null(fake_by_name(bench.engine, "acts_2"));
	ck_assert_str_eq(view_of(3).state, "empty");
}
END_TEST

START_TEST(requests_grow_it_early)
{
	begin();
	wait_settled();
	for (int i = 0; i < 61; i++)
		supervisor_count_request(supervisor);
	wait_settled();
	ck_assert_uint_eq(ready_now(), 4);
}
END_TEST

START_TEST(window_end_shrinks_on_time)
{
	bench.service.scale.window_s = 1;
	begin();
	wait_settled();
	for (int i = 0; i < 61; i++)
		supervisor_count_request(supervisor);
	wait_ready(4);
	supervisor_count_request(supervisor);
	wait_ready(1);
	wait_settled();
	ck_assert_ptr_nonnull(fake_by_name(bench.engine, "acts_0"));
}
END_TEST

/* What leaves while the engine is away could be neither stopped nor started again. */
START_TEST(does_not_shrink_while_the_engine_is_away)
{
	bench.service.scale.window_s = 1;
	begin();
	wait_settled();
	for (int i = 0; i < 61; i++)
		supervisor_count_request(supervisor);
	wait_ready(4);
	wait_settled();
	bench.engine->down = true;
	bench.engine->observer.on_down("gone", bench.engine->observer.arg);
	supervisor_count_request(supervisor);
	bench_run(&bench, 2200);
	ck_assert_int_eq(supervisor_scaler(supervisor)->wanted, 1);
	ck_assert_uint_eq(ready_now(), 4);
	bench.engine->down = false;
	bench.engine->observer.on_up(bench.engine->observer.arg);
	wait_ready(1);
	wait_settled();
}
END_TEST

/* The only ones that serve are not taken away before those serve that stay. */
START_TEST(shrinks_when_somebody_else_serves)
{
	begin();
	wait_settled();
	scale_to(3);
	wait_settled();
	bench.engine->delay_us[FAKE_START] = 300000;
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
	scale_to(1);
	for (int i = 0; i < 40; i++) {
		bench_run(&bench, 10);
		ck_assert_uint_ge(ready_now(), 1);
		if (i == 10)
			ck_assert_uint_eq(ready_now(), 1); /* one of them is enough */
	}
	wait_settled();
	ck_assert_uint_eq(ready_now(), 1);
	ck_assert_ptr_nonnull(fake_by_name(bench.engine, "acts_0"));
}
END_TEST

static struct backend *held[2];

/* Two containers with a request each, of which one is to go. */
static void begin_draining(void)
{
	begin();
	wait_settled();
	scale_to(2);
	wait_settled();
	for (int i = 0; i < 2; i++)
		held[i] = fleet_acquire(supervisor_fleet(supervisor), NULL);
	scale_to(1);
}

static void release_held(enum fleet_outcome outcome)
{
	for (int i = 0; i < 2; i++)
		fleet_release(held[i], outcome);
}

START_TEST(drains_before_stopping)
{
	begin_draining();
	bench_run(&bench, 150);
	ck_assert_int_eq(fake_by_name(bench.engine, "acts_1")->state, ENGINE_RUNNING);
	release_held(FLEET_SERVED);
	wait_settled();
	ck_assert_ptr_null(fake_by_name(bench.engine, "acts_1"));
}
END_TEST

START_TEST(drain_has_an_end)
{
	begin_draining();
	wait_settled(); /* drain_ms is 300 */
	release_held(FLEET_CANCELLED);
}
END_TEST

/* Grown again while its old container drains: the slot waits for it, the service has no third container. */
START_TEST(regrows_into_a_draining_slot)
{
	bench.service.scale.max = 2;
	begin_draining();
	bench_run(&bench, 20);
	scale_to(2);
	bench_run(&bench, 100);
	ck_assert_uint_eq(fake_count(bench.engine, ENGINE_RUNNING), 2);
	release_held(FLEET_SERVED);
	wait_settled();
	ck_assert_uint_eq(ready_now(), 2);
}
END_TEST

/* --- the end --------------------------------------------------------------------------------------------------- */

static bool stopped;

static void on_stopped(void *arg)
{
	(void)arg;
	ck_assert(!stopped);
	stopped = true;
}

static bool is_stopped(void *arg)
{
	(void)arg;
	return stopped;
}

START_TEST(stop_leaves_containers)
{
	begin();
	wait_settled();
	supervisors_stop(supervisors, false, on_stopped, NULL);
	ck_assert(!stopped);
	ck_assert(bench_until(&bench, is_stopped, NULL, 1000));
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 1);
	bench_run(&bench, 100);
	ck_assert_uint_eq(bench.engine->calls[FAKE_REMOVE], 0);
}
END_TEST

START_TEST(stop_removes_containers)
{
	begin();
	wait_settled();
	scale_to(3);
	bench_run(&bench, 2); /* creates are in flight */
	supervisors_stop(supervisors, true, on_stopped, NULL);
	ck_assert(bench_until(&bench, is_stopped, NULL, 2000));
	ck_assert_ptr_null(bench.engine->containers);
}
END_TEST

/* Once it is to be removed a container is not waited for longer than stop_ms, though it drained before. */
START_TEST(stop_hurries_one_that_drains)
{
	bench.config.drain_ms = 60000;
	begin_draining();
	bench_run(&bench, 50);
	ck_assert_int_eq(fake_by_name(bench.engine, "acts_1")->state, ENGINE_RUNNING);
	supervisors_stop(supervisors, true, on_stopped, NULL);
	ck_assert(bench_until(&bench, is_stopped, NULL, 2000));
	ck_assert_ptr_null(bench.engine->containers);
	release_held(FLEET_CANCELLED);
}
END_TEST

START_TEST(stop_does_not_wait_for_a_dead_engine)
{
	begin();
	wait_settled();
	bench.engine->down = true;
	bench.engine->observer.on_down("gone", bench.engine->observer.arg);
	supervisors_stop(supervisors, true, on_stopped, NULL);
	ck_assert(bench_until(&bench, is_stopped, NULL, 1000));
}
END_TEST

START_TEST(freed_with_calls_in_flight)
{
	bench.engine->delay_us[FAKE_CREATE] = 20000;
	begin();
	bench_run(&bench, 10);
	ck_assert_uint_gt(bench.engine->in_flight, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor_size");
	TCase *tcase;

	tcase = tcase_of(suite, "scale", 20);
	tcase_add_test(tcase, stays_for_what_is_in_flight);
	tcase_add_test(tcase, starts_the_minimum);
	tcase_add_test(tcase, wakes_for_one_that_waits);
	tcase_add_test(tcase, grows_and_shrinks);
	tcase_add_test(tcase, requests_grow_it_early);
	tcase_add_test(tcase, window_end_shrinks_on_time);
	tcase_add_test(tcase, does_not_shrink_while_the_engine_is_away);
	tcase_add_test(tcase, shrinks_when_somebody_else_serves);
	tcase_add_test(tcase, drains_before_stopping);
	tcase_add_test(tcase, drain_has_an_end);
	tcase_add_test(tcase, regrows_into_a_draining_slot);
	tcase = tcase_of(suite, "end", 20);
	tcase_add_test(tcase, stop_leaves_containers);
	tcase_add_test(tcase, stop_removes_containers);
	tcase_add_test(tcase, stop_hurries_one_that_drains);
	tcase_add_test(tcase, stop_does_not_wait_for_a_dead_engine);
	tcase_add_test(tcase, freed_with_calls_in_flight);
	return run_suite(suite);
}
