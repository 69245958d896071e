/* The supervisor on a fake engine: containers that wait, paused, and stand in. */
#include "tests/unit/orchestrator/fleet/spares_bench.h"

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
	return run_suite(suite);
}
