/* The supervisor on a fake engine: containers that wait, paused, and stand in. */
#include "tests/unit/orchestrator/fleet/supervisor_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLOW_START_US 1000000 /* of an engine, so that the spare is there first */

static void begin_with(int spares)
{
	bench.service.scale.spares = spares;
	begin();
	wait_settled();
}

static struct supervisor_spare spare_view(size_t index)
{
	struct supervisor_spare view;

	supervisor_spare_at(supervisor, index, &view);
	return view;
}

static struct fake_container *spare(int index)
{
	char name[ENGINE_NAME_SIZE];

	snprintf(name, sizeof(name), "acts_spare_%d", index);
	return fake_by_name(bench.engine, name);
}

static char waiting[] = "spare";
static char ready[] = "ready"; /* what conditions are given is not const */

static bool spare_is(void *state)
{
	return supervisor_spare_count(supervisor) > 0 && strcmp(spare_view(0).state, state) == 0;
}

static void wait_spare(char *state)
{
	ck_assert_msg(bench_until(&bench, spare_is, state, 2000), "spare is %s, not %s", spare_view(0).state, state);
}

static void slow_engine(void)
{
	bench.engine->delay_us[FAKE_START] = SLOW_START_US;
}

/* --- waiting --------------------------------------------------------------------------------------------------- */

START_TEST(wait_paused_outside_the_slots)
{
	begin_with(2);
	for (int i = 0; i < 2; i++) {
		ck_assert_ptr_nonnull(spare(i));
		ck_assert_int_eq(spare(i)->state, ENGINE_PAUSED);
		ck_assert_int_eq(spare(i)->slot, -1);
		ck_assert_str_eq(spare_view((size_t)i).state, "spare");
		ck_assert_int_eq(spare_view((size_t)i).slot, -1);
	}
	ck_assert_uint_eq(fleet_count(supervisor_fleet(supervisor)), 1);
	ck_assert_uint_eq(supervisor_spares_waiting(supervisor), 2);
}
END_TEST

START_TEST(have_the_ports_behind_the_slots)
{
	publish(REACH_PUBLISHED);
	begin_with(1);
	ck_assert_int_eq(spare(0)->port, bench.service.first_port + bench.service.scale.max);
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
	wait_settled();
}
END_TEST

/* It is not asked for anything until it is needed, nor does it take a request while it shows that it works. */
START_TEST(take_no_request_before_they_wait)
{
	bench.engine->delay_us[FAKE_PAUSE] = 50000;
	bench.service.scale.spares = 1;
	begin();
	wait_spare("starting");
	while (spare_is("starting")) {
		ck_assert_uint_le(fleet_count(supervisor_fleet(supervisor)), 1);
		bench_run(&bench, 1);
	}
	wait_settled();
}
END_TEST

/* --- standing in ----------------------------------------------------------------------------------------------- */

START_TEST(stands_in_until_the_slot_is_ready)
{
	char old[ENGINE_ID_SIZE], stand_in[ENGINE_ID_SIZE];

	begin_with(1);
	id_of("acts_0", old);
	id_of("acts_spare_0", stand_in);
	slow_engine();
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
	ck_assert(bench_until(&bench, spare_is, ready, 800)); /* 50, if the machine is not busy */
	ck_assert_uint_eq(ready_now(), 1);
	ck_assert_int_eq(spare_view(0).slot, 0);
	ck_assert_str_eq(backend_container_id(spare_view(0).backend), stand_in);
	ck_assert_str_ne(view_of(0).state, "ready");
	wait_spare("spare");
	ck_assert_str_eq(view_of(0).state, "ready");
	wait_settled();
	ck_assert_str_eq(spare(0)->id, stand_in); /* the same, back to waiting */
	ck_assert_str_ne(fake_by_name(bench.engine, "acts_0")->id, old);
	ck_assert_uint_eq(supervisor_times(supervisor)->count, 1);
}
END_TEST

START_TEST(drains_before_it_is_paused_again)
{
	struct backend *held;

	begin_with(1);
	slow_engine();
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
	wait_spare("ready");
	held = fleet_acquire(supervisor_fleet(supervisor), NULL);
	ck_assert_ptr_eq(held, spare_view(0).backend);
	wait_spare("draining");
	bench_run(&bench, 100);
	ck_assert_int_eq(spare(0)->state, ENGINE_RUNNING);
	fleet_release(held, FLEET_SERVED);
	wait_settled();
}
END_TEST

START_TEST(drain_has_an_end)
{
	struct backend *held;

	begin_with(1);
	slow_engine();
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
	wait_spare("ready");
	held = fleet_acquire(supervisor_fleet(supervisor), NULL);
	wait_settled(); /* drain_ms is 300 */
	ck_assert_int_eq(backend_state(held), BACKEND_DOWN);
	fleet_release(held, FLEET_CANCELLED);
}
END_TEST

START_TEST(stands_in_while_one_is_suspect)
{
	begin_with(1);
	bench.service.health.timeout_ms = 1000;
	health_configure(supervisor_health(supervisor), &bench.service.health);
	fake_pause(bench.engine, fake_by_name(bench.engine, "acts_0"));
	ck_assert(bench_until(&bench, spare_is, ready, 500)); /* long before the verdict */
	ck_assert_str_eq(view_of(0).state, "suspect");
	bench.service.health.timeout_ms = 150;
	health_configure(supervisor_health(supervisor), &bench.service.health);
	wait_settled();
}
END_TEST

START_TEST(growth_uses_them)
{
	begin_with(1);
	slow_engine();
	scale_to(3);
	ck_assert(bench_until(&bench, spare_is, ready, 800));
	ck_assert_uint_eq(ready_now(), 2);
	wait_settled();
	ck_assert_uint_eq(ready_now(), 3);
}
END_TEST

START_TEST(two_faults_two_spares)
{
	begin_with(2);
	scale_to(2);
	wait_settled();
	slow_engine();
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_1"), 137);
	wait_ready(2);
	ck_assert_int_ne(spare_view(0).slot, spare_view(1).slot);
	ck_assert_int_ge(spare_view(0).slot, 0);
	ck_assert_int_ge(spare_view(1).slot, 0);
	wait_settled();
}
END_TEST

START_TEST(carries_a_crash_loop)
{
	begin_with(1);
	for (int i = 0; i < 3; i++) {
		fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 1);
		if (i < 2)
			wait_settled();
	}
	wait_spare("ready");
	bench_run(&bench, 200);
	ck_assert_str_eq(view_of(0).state, "backing-off");
	ck_assert_str_eq(spare_view(0).state, "ready");
	wait_settled();
}
END_TEST

START_TEST(bridge_too)
{
	publish(REACH_BRIDGE);
	begin_with(1);
	slow_engine();
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
	ck_assert(bench_until(&bench, spare_is, ready, 800));
	wait_settled();
}
END_TEST

/* --- hurt by others -------------------------------------------------------------------------------------------- */

START_TEST(killed_while_waiting)
{
	char id[ENGINE_ID_SIZE];

	begin_with(1);
	id_of("acts_spare_0", id);
	fake_kill(bench.engine, spare(0), 137);
	wait_settled();
	ck_assert_str_ne(spare(0)->id, id);
	ck_assert_uint_eq(view_of(0).faults, 0);
}
END_TEST

/* Crashes count, at the third it waits; somebody's kills do not, whatever was before. */
START_TEST(crashes_while_waiting)
{
	begin_with(1);
	for (int i = 0; i < 6; i++) {
		fake_kill(bench.engine, spare(0), i < 2 ? 1 : 137);
		bench_run(&bench, 5);
		wait_settled();
		ck_assert_str_eq(spare_view(0).state, "spare");
	}
	fake_kill(bench.engine, spare(0), 1);
	bench_run(&bench, 200);
	ck_assert_str_eq(spare_view(0).state, "backing-off");
	wait_settled();
	fake_kill(bench.engine, spare(0), 137);
	bench_run(&bench, 100);
	wait_spare("spare");
}
END_TEST

START_TEST(removed_without_a_word)
{
	begin_with(1);
	bench.engine->silent = true;
	fake_remove(bench.engine, spare(0));
	bench.engine->silent = false;
	bench.engine->observer.on_up(bench.engine->observer.arg); /* a list */
	wait_settled();
}
END_TEST

START_TEST(unpaused_by_somebody)
{
	char id[ENGINE_ID_SIZE];

	begin_with(1);
	id_of("acts_spare_0", id);
	fake_unpause(bench.engine, spare(0));
	wait_settled();
	bench.engine->silent = true;
	fake_unpause(bench.engine, spare(0));
	bench.engine->silent = false;
	bench.engine->observer.on_up(bench.engine->observer.arg);
	wait_settled();
	ck_assert_str_eq(spare(0)->id, id);
}
END_TEST

START_TEST(lost_while_standing_in)
{
	begin_with(2);
	slow_engine();
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
	wait_ready(1);
	fake_kill(bench.engine, spare(spare_view(0).slot == 0 ? 0 : 1), 137);
	ck_assert_uint_eq(ready_now(), 0);
	wait_ready(1); /* the other one */
	wait_settled();
}
END_TEST

START_TEST(paused_while_standing_in)
{
	begin_with(1);
	bench.engine->delay_us[FAKE_START] = 1000000;
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
	wait_spare("ready");
	fake_pause(bench.engine, spare(0));
	ck_assert_uint_eq(ready_now(), 0);
	bench.engine->delay_us[FAKE_START] = 1000;
	wait_settled();
}
END_TEST

START_TEST(engine_refuses_to_pause)
{
	char id[ENGINE_ID_SIZE];

	begin_with(1);
	id_of("acts_spare_0", id);
	bench.engine->fail_times[FAKE_PAUSE] = 1;
	bench.engine->fail_with[FAKE_PAUSE] = ENGINE_TIMEOUT;
	fake_unpause(bench.engine, spare(0));
	wait_settled();
	ck_assert_str_eq(spare(0)->id, id);
}
END_TEST

/* Without control groups an engine cannot pause: the spare runs on, out of the fleet, and stands in as others do. */
START_TEST(engine_cannot_pause)
{
	char id[ENGINE_ID_SIZE];

	bench.engine->fail_times[FAKE_PAUSE] = 1000;
	bench.engine->fail_with[FAKE_PAUSE] = ENGINE_REFUSED;
	bench.service.scale.spares = 1;
	begin();
	wait_spare(waiting);
	id_of("acts_spare_0", id);
	ck_assert_uint_eq(supervisor_spares_waiting(supervisor), 1);
	ck_assert_uint_eq(fleet_count(supervisor_fleet(supervisor)), 1);
	for (int i = 0; i < 2; i++) {
		bench_run(&bench, 100);
		slow_engine();
		fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
		wait_spare(ready);
		ck_assert_uint_eq(ready_now(), 1);
		wait_spare(waiting);
	}
	ck_assert_str_eq(spare(0)->id, id);
	ck_assert_int_eq(spare(0)->state, ENGINE_RUNNING);
	ck_assert_uint_eq(bench.engine->calls[FAKE_PAUSE], 1);
}
END_TEST

START_TEST(cannot_be_made)
{
	begin();
	wait_settled();
	bench.engine->fail_times[FAKE_CREATE] = 2;
	bench.engine->fail_with[FAKE_CREATE] = ENGINE_NO_IMAGE;
	bench.service.scale.spares = 1;
	supervisor_reload(supervisor, &bench.config, &bench.service);
	wait_spare("backing-off");
	ck_assert_int_eq(spare_view(0).reason, REASON_NO_IMAGE);
	ck_assert_str_eq(spare_view(0).message, "as the test says");
	wait_settled();
}
END_TEST

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
	Suite *suite = suite_create("supervisor_spares");
	TCase *tcase;

	tcase = tcase_of(suite, "waiting", 20);
	tcase_add_test(tcase, wait_paused_outside_the_slots);
	tcase_add_test(tcase, have_the_ports_behind_the_slots);
	tcase_add_test(tcase, take_no_request_before_they_wait);
	tcase = tcase_of(suite, "standing in", 20);
	tcase_add_test(tcase, stands_in_until_the_slot_is_ready);
	tcase_add_test(tcase, drains_before_it_is_paused_again);
	tcase_add_test(tcase, drain_has_an_end);
	tcase_add_test(tcase, stands_in_while_one_is_suspect);
	tcase_add_test(tcase, growth_uses_them);
	tcase_add_test(tcase, two_faults_two_spares);
	tcase_add_test(tcase, carries_a_crash_loop);
	tcase_add_test(tcase, bridge_too);
	tcase = tcase_of(suite, "hurt", 20);
	tcase_add_test(tcase, killed_while_waiting);
	tcase_add_test(tcase, crashes_while_waiting);
	tcase_add_test(tcase, removed_without_a_word);
	tcase_add_test(tcase, unpaused_by_somebody);
	tcase_add_test(tcase, lost_while_standing_in);
	tcase_add_test(tcase, paused_while_standing_in);
	tcase_add_test(tcase, engine_refuses_to_pause);
	tcase_add_test(tcase, engine_cannot_pause);
	tcase_add_test(tcase, cannot_be_made);
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
