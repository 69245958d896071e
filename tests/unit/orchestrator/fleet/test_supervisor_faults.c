/* The supervisor on a fake engine: what it does about faults, refusals and a lost engine. */
#include "tests/unit/orchestrator/fleet/supervisor_bench.h"

/* --- faults ---------------------------------------------------------------------------------------------------- */

START_TEST(replaces_a_killed_one)
{
	char id[ENGINE_ID_SIZE], next[ENGINE_ID_SIZE];

	begin();
	wait_settled();
	id_of("acts_0", id);
	id_of("acts_0.next", next);
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
	ck_assert_uint_eq(ready_now(), 0);
	check_replaced(id, REASON_EXITED);
	ck_assert_str_eq(backend_container_id(view_of(0).backend), next);
	ck_assert(supervisor_times(supervisor)->sum < 0.2);
	ck_assert_uint_eq(bench.engine->calls[FAKE_CREATE], 3); /* none in vain */
}
END_TEST

/* The engine has not done with the dead one yet: one that gets its network late is started all the same (1), one that needs
 * the port is not (0); neither is one that was to get it late, of an engine that cannot do that (2). */
START_TEST(starts_while_the_dead_one_is_taken_apart)
{
	char id[ENGINE_ID_SIZE];
	unsigned starts;

	bench.service.late_network = _i > 0;
	bench.engine->never_late = _i == 2;
	bench.engine->delay_us[FAKE_STOP] = 1000000; /* no kill ends it sooner */
	begin();
	wait_settled();
	id_of("acts_0", id);
	starts = bench.engine->calls[FAKE_START];
	fake_exit(bench.engine, fake_by_name(bench.engine, "acts_0"));
	bench_run(&bench, 400); /* eight probes */
	ck_assert_uint_eq(bench.engine->calls[FAKE_START], starts + (_i == 1 ? 1 : 0));
	ck_assert_uint_eq(ready_now(), _i == 1 ? 1 : 0);
	fake_exit_over(bench.engine, fake_by_name(bench.engine, "acts_0"));
	check_replaced_either(id, REASON_PROBE_REFUSED, REASON_PROBE_RESET);
	wait_settled();
	ck_assert_uint_eq(bench.engine->calls[FAKE_START], starts + 1);
}
END_TEST

START_TEST(replaces_a_removed_one)
{
	char id[ENGINE_ID_SIZE];

	begin();
	wait_settled();
	id_of("acts_0", id);
	fake_remove(bench.engine, fake_by_name(bench.engine, "acts_0"));
	check_replaced(id, REASON_EXITED);
}
END_TEST

START_TEST(replaces_an_ill_one)
{
	char id[ENGINE_ID_SIZE];

	begin();
	wait_settled();
	id_of("acts_0", id);
	fake_by_name(bench.engine, "acts_0")->answer = FAKE_ILL;
	wait_ready(0);
	check_replaced(id, REASON_PROBE_STATUS);
}
END_TEST

START_TEST(replaces_a_paused_one)
{
	char id[ENGINE_ID_SIZE];

	begin();
	wait_settled();
	id_of("acts_0", id);
	fake_pause(bench.engine, fake_by_name(bench.engine, "acts_0"));
	ck_assert_uint_eq(ready_now(), 0);
	check_replaced(id, REASON_PAUSED);
}
END_TEST

START_TEST(replaces_without_events)
{
	char id[ENGINE_ID_SIZE];

	begin();
	wait_settled();
	id_of("acts_0", id);
	bench.engine->silent = true;
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 1);
	wait_ready(0);
	check_replaced_either(id, REASON_PROBE_REFUSED, REASON_PROBE_RESET);
}
END_TEST

START_TEST(replaces_while_next_is_being_created)
{
	char id[ENGINE_ID_SIZE];

	begin();
	wait_ready(1);
	id_of("acts_0", id);
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 1);
	check_replaced(id, REASON_EXITED);
}
END_TEST

START_TEST(replaces_when_next_was_removed)
{
	char id[ENGINE_ID_SIZE];

	begin();
	wait_settled();
	id_of("acts_0", id);
	bench.engine->silent = true; /* nobody tells us that next is gone */
	fake_remove(bench.engine, fake_by_name(bench.engine, "acts_0.next"));
	bench.engine->silent = false;
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 1);
	check_replaced(id, REASON_EXITED);
}
END_TEST

START_TEST(backs_off_in_a_crash_loop)
{
	begin();
	wait_settled();
	for (int i = 0; i < 3; i++) {
		wait_ready(1);
		fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 1);
		if (i < 2)
			wait_settled();
	}
	bench_run(&bench, 200);
	ck_assert_str_eq(view_of(0).state, "backing-off");
	ck_assert_int_eq(view_of(0).reason, REASON_CRASH_LOOP);
	ck_assert_uint_eq(fake_count(bench.engine, ENGINE_RUNNING), 0);
	wait_settled(); /* half a second later */
	ck_assert_uint_eq(view_of(0).faults, 3);
}
END_TEST

START_TEST(is_short_while_a_replacement_is_about_to_come)
{
	bench.service.scale.min = 2;
	bench.engine->delay_us[FAKE_START] = 100000;
	begin();
	bench_run(&bench, 20);
	ck_assert(supervisor_is_short(supervisor));
	wait_settled();
	ck_assert(!supervisor_is_short(supervisor));
	for (int i = 0; i < 3; i++) {
		wait_settled();
		fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 1);
		if (i < 2) {
			bench_run(&bench, 20);
			ck_assert_uint_eq(fleet_count(supervisor_fleet(supervisor)), 1); /* nothing of it to be seen */
			ck_assert(supervisor_is_short(supervisor));
		}
	}
	bench_run(&bench, 200);
	ck_assert_str_eq(view_of(0).state, "backing-off");
	ck_assert(!supervisor_is_short(supervisor));
	wait_ready(2);
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_1"), 137);
	ck_assert(supervisor_is_short(supervisor));
	supervisor_stop(supervisor, false, NULL, NULL);
	ck_assert(!supervisor_is_short(supervisor));
}
END_TEST

/* A slot that cannot be filled is no hope for those who wait: they are looked at again when that is known. */
START_TEST(says_when_nothing_comes)
{
	unsigned starts;

	bench.service.scale.min = 2;
	begin();
	wait_settled();
	told_nothing = 0;
	bench.engine->fail_with[FAKE_START] = ENGINE_REFUSED;
	bench.engine->fail_times[FAKE_START] = 2;
	bench.engine->delay_us[FAKE_START] = 50000;
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_1"), 137);
	starts = bench.engine->calls[FAKE_START];
	supervisor_set_waiting(supervisor, 1);
	bench_run(&bench, 30);
	ck_assert(supervisor_is_short(supervisor));
	ck_assert_uint_eq(told_nothing, 0);
	bench_run(&bench, 100);
	ck_assert(!supervisor_is_short(supervisor));
	ck_assert_uint_ge(told_nothing, 1);
	ck_assert_uint_le(told_nothing, 10);
	for (int ms = 0; ms < 2000 && bench.engine->calls[FAKE_START] < starts + 2; ms++)
		bench_run(&bench, 1);
	ck_assert(!supervisor_is_short(supervisor)); /* it is tried again, and was refused before */
	told_nothing = 0;
	supervisor_set_waiting(supervisor, 0);
	wait_settled();
}
END_TEST

/* The engine creates it, and finds only at its start that its network is gone. */
START_TEST(a_refused_start_makes_the_network_anew)
{
	unsigned prepared;

	begin();
	wait_settled();
	prepared = bench.engine->calls[FAKE_PREPARE];
	bench.engine->fail_with[FAKE_START] = ENGINE_REFUSED;
	bench.engine->fail_times[FAKE_START] = 1;
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
	wait_settled();
	ck_assert_uint_eq(bench.engine->calls[FAKE_PREPARE], prepared + 1);
}
END_TEST

START_TEST(never_ready_is_replaced)
{
	begin();
	wait_settled();
	bench.engine->answer = FAKE_ILL;
	fake_remove(bench.engine, fake_by_name(bench.engine, "acts_0.next"));
	wait_settled();
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 1);
	bench_run(&bench, 200);
	bench.engine->answer = FAKE_GOOD; /* of the one after that */
	wait_settled();
	ck_assert_uint_eq(supervisor_replacements(supervisor, REASON_START_TIMEOUT), 1);
}
END_TEST

/* --- the engine goes and comes --------------------------------------------------------------------------------- */

START_TEST(engine_away_for_a_while)
{
	char id[ENGINE_ID_SIZE];

	begin();
	wait_settled();
	id_of("acts_0", id);
	bench.engine->down = true;
	bench.engine->observer.on_down("gone", bench.engine->observer.arg);
	bench_run(&bench, 200);
	ck_assert_uint_eq(ready_now(), 1);
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 1); /* nobody is told */
	bench_run(&bench, 200);
	ck_assert_uint_eq(ready_now(), 0);
	bench.engine->down = false;
	bench.engine->observer.on_up(bench.engine->observer.arg);
	check_replaced_either(id, REASON_PROBE_REFUSED, REASON_PROBE_RESET);
}
END_TEST

/* A list that was asked for before says nothing of what is: there is no engine to act with. */
START_TEST(list_answered_after_it_went)
{
	unsigned creates;

	begin();
	wait_settled();
	bench.engine->delay_us[FAKE_LIST] = 20000;
	bench.engine->observer.on_up(bench.engine->observer.arg);
	bench_run(&bench, 5);
	bench.engine->observer.on_down("gone", bench.engine->observer.arg);
	bench_run(&bench, 50);
	creates = bench.engine->calls[FAKE_CREATE];
	scale_to(2);
	bench_run(&bench, 50);
	ck_assert_uint_eq(bench.engine->calls[FAKE_CREATE], creates);
	bench.engine->delay_us[FAKE_LIST] = 1000;
	bench.engine->observer.on_up(bench.engine->observer.arg);
	wait_settled();
}
END_TEST

/* They are killed while nobody tells of it: that is no crash loop, once their exit codes are known. */
START_TEST(killed_while_it_is_away)
{
	begin();
	for (unsigned i = 0; i < 4; i++) {
		wait_settled();
		bench.engine->down = true;
		bench.engine->observer.on_down("gone", bench.engine->observer.arg);
		fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
		for (int ms = 0; ms < 2000 && view_of(0).faults == i; ms++)
			bench_run(&bench, 1);
		bench_run(&bench, 20);
		bench.engine->down = false;
		bench.engine->observer.on_up(bench.engine->observer.arg);
		wait_ready(1);
		wait_settled();
		ck_assert_uint_eq(view_of(0).faults, i + 1);
	}
	ck_assert(supervisor_times(supervisor)->sum < 0.5); /* a back-off takes as long */
}
END_TEST

/* However often it went while a container was to be made: once it is there nothing waits for the last back-off. */
START_TEST(goes_again_and_again)
{
	begin();
	wait_settled();
	scale_to(2);
	for (int i = 0; i < 4; i++) {
		bench.engine->fail_with[FAKE_CREATE] = ENGINE_UNREACHABLE;
		bench.engine->fail_times[FAKE_CREATE] = 1;
		for (int ms = 0; ms < 2000 && bench.engine->fail_times[FAKE_CREATE] > 0; ms++)
			bench_run(&bench, 1);
		bench_run(&bench, 5);
		ck_assert_int_eq(view_of(1).reason, REASON_ENGINE_DOWN);
		bench.engine->down = true;
		bench.engine->observer.on_down("gone", bench.engine->observer.arg);
		bench_run(&bench, 5);
		bench.engine->down = false;
		if (i == 3)
			break;
		bench.engine->fail_times[FAKE_CREATE] = 1; /* and goes at once */
		bench.engine->observer.on_up(bench.engine->observer.arg);
	}
	bench.engine->fail_times[FAKE_CREATE] = 0;
	bench.engine->observer.on_up(bench.engine->observer.arg);
	ck_assert(bench_until(&bench, settled, NULL, 300));
}
END_TEST

START_TEST(vanished_meanwhile)
{
	begin();
	wait_settled();
	bench.engine->down = true;
	bench.engine->observer.on_down("gone", bench.engine->observer.arg);
	fake_remove(bench.engine, fake_by_name(bench.engine, "acts_0.next"));
	bench.engine->down = false;
	bench.engine->observer.on_up(bench.engine->observer.arg);
	bench_run(&bench, 50);
	wait_settled();
	ck_assert_uint_eq(view_of(0).faults, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor_faults");
	TCase *tcase;

	tcase = tcase_of(suite, "faults", 20);
	tcase_add_test(tcase, replaces_a_killed_one);
	tcase_add_loop_test(tcase, starts_while_the_dead_one_is_taken_apart, 0, 3);
	tcase_add_test(tcase, replaces_a_removed_one);
	tcase_add_test(tcase, replaces_an_ill_one);
	tcase_add_test(tcase, replaces_a_paused_one);
	tcase_add_test(tcase, replaces_without_events);
	tcase_add_test(tcase, replaces_while_next_is_being_created);
	tcase_add_test(tcase, replaces_when_next_was_removed);
	tcase_add_test(tcase, backs_off_in_a_crash_loop);
	tcase_add_test(tcase, is_short_while_a_replacement_is_about_to_come);
	tcase_add_test(tcase, says_when_nothing_comes);
	tcase_add_test(tcase, a_refused_start_makes_the_network_anew);
	tcase_add_test(tcase, never_ready_is_replaced);
	tcase = tcase_of(suite, "engine", 20);
	tcase_add_test(tcase, engine_away_for_a_while);
	tcase_add_test(tcase, vanished_meanwhile);
	tcase_add_test(tcase, goes_again_and_again);
	tcase_add_test(tcase, killed_while_it_is_away);
	tcase_add_test(tcase, list_answered_after_it_went);
	return run_suite(suite);
}
