/* Spares on a fake engine: another configuration, and their start and end. */
#include "tests/unit/orchestrator/fleet/spares_bench.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* --- another configuration ------------------------------------------------------------------------------------- */

START_TEST(more_and_fewer)
{
	begin_with(0);
	bench.service.scale.spares = 2;
	supervisor_reload(supervisor, &bench.config, &bench.service);
	wait_settled();
	bench.service.scale.spares = 1;
	supervisor_reload(supervisor, &bench.config, &bench.service);
	wait_settled();
	ck_assert_ptr_null(spare(1));
	ck_assert_uint_eq(supervisor_spare_count(supervisor), 1);
}
END_TEST

START_TEST(another_spec)
{
	begin_with(1);
	strings_add(&bench.service.env, "NEW=1");
	bench_rehash(&bench);
	supervisor_reload(supervisor, &bench.config, &bench.service);
	wait_rolled(bench.hash, 1);
	ck_assert_str_eq(spare(0)->spec, bench.hash);
}
END_TEST

START_TEST(failed_roll_leaves_them)
{
	char id[ENGINE_ID_SIZE], old[ENGINE_SPEC_SIZE];

	begin_with(1);
	id_of("acts_spare_0", id);
	snprintf(old, sizeof(old), "%s", bench.hash);
	bench.engine->answer = FAKE_ILL;
	strings_add(&bench.service.env, "BAD=1");
	supervisor_reload(supervisor, &bench.config, &bench.service);
	bench_run(&bench, 600); /* start_ms is 400 */
	bench.engine->answer = FAKE_GOOD;
	wait_rolled(old, 1);
	ck_assert_str_eq(spare(0)->id, id);
}
END_TEST

/* More slots: the spare's port is a slot's now. */
START_TEST(another_maximum)
{
	publish(REACH_PUBLISHED);
	begin_with(1);
	bench.service.scale.max = 6;
	supervisor_reload(supervisor, &bench.config, &bench.service);
	scale_to(6);
	wait_settled();
	ck_assert_int_eq(spare(0)->port, bench.service.first_port + 6);
	ck_assert_uint_eq(ready_now(), 6);
}
END_TEST

/* Its connections break before the engine says that somebody killed it, so often that a back-off would be 4 s by now. */
START_TEST(kills_told_late_do_not_back_off)
{
	begin_with(1);
	for (int i = 0; i < 6; i++) {
		struct fake_container *old;

		bench.engine->delay_us[FAKE_START] = 300000;
		fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
		wait_spare("ready");
		old = spare(0);
		fake_exit(bench.engine, old);
		for (int ms = 0; ms < 2000 && spare_view(0).backend != NULL; ms++)
			bench_run(&bench, 1);
		fake_exit_over(bench.engine, old);
		bench.engine->delay_us[FAKE_START] = 1000;
		wait_settled();
	}
}
END_TEST

/* The only one that serves keeps its port until its slot does. */
START_TEST(another_maximum_while_it_stands_in)
{
	publish(REACH_PUBLISHED);
	begin_with(1);
	slow_engine();
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
	wait_spare("ready");
	bench.service.scale.max = 6;
	supervisor_reload(supervisor, &bench.config, &bench.service);
	for (int ms = 0; ms < 3000 && strcmp(view_of(0).state, "ready") != 0; ms++) {
		bench_run(&bench, 1);
		ck_assert_uint_ge(ready_now(), 1);
	}
	bench.engine->delay_us[FAKE_START] = 1000;
	wait_settled();
	ck_assert_int_eq(spare(0)->port, bench.service.first_port + 6);
}
END_TEST

static bool slot_is_ready(void *arg)
{
	(void)arg;
	return strcmp(view_of(0).state, "ready") == 0;
}

/* A smaller maximum moves the ports: the next spare's is held by the one that stands in, and is had once that leaves. */
START_TEST(another_port_when_it_is_free)
{
	publish(REACH_PUBLISHED);
	begin_with(1);
	for (int i = 0; i < 4; i++) { /* the last one waits a second */
		fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 1);
		bench_run(&bench, 5);
		if (i < 3)
			wait_settled();
	}
	wait_spare("ready");
	bench.service.scale.max = 3;
	bench.service.scale.spares = 2;
	supervisor_reload(supervisor, &bench.config, &bench.service);
	ck_assert(bench_until(&bench, slot_is_ready, NULL, 2000));
	ck_assert(
	        bench_until(&bench, settled, NULL, 300)); /* spare 1 was refused twice, and would wait half a second */
	ck_assert_int_eq(spare(0)->port, bench.service.first_port + 3);
	ck_assert_int_eq(spare(1)->port, bench.service.first_port + 4);
}
END_TEST

/* The slot that has the spare's port now is not the one that it stands in for. */
START_TEST(another_maximum_and_minimum)
{
	bench.service.scale.min = bench.service.scale.max = 2;
	publish(REACH_PUBLISHED);
	begin_with(1);
	bench.service.scale.min = bench.service.scale.max = 3;
	supervisor_reload(supervisor, &bench.config, &bench.service);
	wait_settled();
	ck_assert_int_eq(spare(0)->port, bench.service.first_port + 3);
	ck_assert_uint_eq(ready_now(), 3);
}
END_TEST

/* The stand-in of an operator's replacement is refused: what works stays, and spares are made as before. */
START_TEST(failed_replacement_leaves_them)
{
	char id[ENGINE_ID_SIZE];
	struct err err;

	begin_with(1);
	id_of("acts_0", id);
	bench.engine->fail_with[FAKE_START] = ENGINE_REFUSED;
	bench.engine->fail_times[FAKE_START] = 1;
	ck_assert(supervisor_replace(supervisor, 0, &err));
	bench_run(&bench, 100);
	wait_settled();
	ck_assert_str_eq(fake_by_name(bench.engine, "acts_0")->id, id);
	fake_remove(bench.engine, spare(0));
	bench_run(&bench, 5);
	wait_settled();
}
END_TEST

/* --- found at start, and the end ------------------------------------------------------------------------------- */

static void add_spare(int index, enum engine_state state, const char *spec)
{
	char dir[128], name[64];

	snprintf(dir, sizeof(dir), "%s/acts_9.%08x", bench.dir, (unsigned)bench.engine->serial);
	ck_assert_int_eq(mkdir(dir, 0700), 0);
	snprintf(name, sizeof(name), "acts_spare_%d", index);
	fake_add(bench.engine, "acts", name, -1, spec, ENGINE_RUNNING, dir, 0);
	if (state == ENGINE_PAUSED)
		fake_pause(bench.engine, fake_by_name(bench.engine, name));
}

START_TEST(adopted)
{
	char dir[128], ids[2][ENGINE_ID_SIZE];

	add_running("acts_0", 0, bench.hash, dir);
	add_spare(0, ENGINE_PAUSED, bench.hash);
	add_spare(1, ENGINE_RUNNING, bench.hash); /* it stood in when we died */
	add_spare(2, ENGINE_PAUSED, bench.hash);  /* one too many */
	id_of("acts_spare_0", ids[0]);
	id_of("acts_spare_1", ids[1]);
	begin_with(2);
	ck_assert_str_eq(spare(0)->id, ids[0]);
	ck_assert_str_eq(spare(1)->id, ids[1]);
	ck_assert_ptr_null(spare(2));
	ck_assert_uint_eq(bench.engine->calls[FAKE_UNPAUSE], 0); /* nobody was in need */
}
END_TEST

START_TEST(adopted_with_an_old_spec)
{
	char dir[128];

	add_running("acts_0", 0, bench.hash, dir);
	add_spare(0, ENGINE_PAUSED, "0000000000000000");
	begin_with(1);
	wait_rolled(bench.hash, 1);
}
END_TEST

static bool stopped;

static void on_stopped(void *arg)
{
	(void)arg;
	stopped = true;
}

static bool is_stopped(void *arg)
{
	(void)arg;
	return stopped;
}

START_TEST(removed_at_the_end)
{
	begin_with(2);
	supervisors_stop(supervisors, true, on_stopped, NULL);
	ck_assert(bench_until(&bench, is_stopped, NULL, 2000));
	ck_assert_ptr_null(bench.engine->containers);
}
END_TEST

START_TEST(freed_in_every_state)
{
	bench.service.scale.spares = 2;
	begin();
	bench_run(&bench, 4 + 4 * _i); /* the first list has come */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor_spares_change");
	TCase *tcase;

	tcase = tcase_of(suite, "configuration", 20);
	tcase_add_test(tcase, more_and_fewer);
	tcase_add_test(tcase, another_spec);
	tcase_add_test(tcase, failed_roll_leaves_them);
	tcase_add_test(tcase, another_maximum);
	tcase_add_test(tcase, another_maximum_while_it_stands_in);
	tcase_add_test(tcase, kills_told_late_do_not_back_off);
	tcase_add_test(tcase, another_port_when_it_is_free);
	tcase_add_test(tcase, another_maximum_and_minimum);
	tcase_add_test(tcase, failed_replacement_leaves_them);
	tcase = tcase_of(suite, "start and end", 20);
	tcase_add_test(tcase, adopted);
	tcase_add_test(tcase, adopted_with_an_old_spec);
	tcase_add_test(tcase, removed_at_the_end);
	tcase_add_loop_test(tcase, freed_in_every_state, 0, 8);
	return run_suite(suite);
}
