/* The supervisor on a fake engine: what the engine refuses, and what it answers late. */
#include "tests/unit/orchestrator/fleet/supervisor_bench.h"

START_TEST(says_why_it_cannot_create)
{
	bench.engine->fail_times[FAKE_CREATE] = 1;
	bench.engine->fail_with[FAKE_CREATE] = ENGINE_NO_IMAGE;
	begin();
	bench_run(&bench, 100);
	ck_assert_str_eq(view_of(0).state, "backing-off");
	ck_assert_int_eq(view_of(0).reason, REASON_NO_IMAGE);
	ck_assert_str_eq(view_of(0).message, "as the test says");
	wait_settled();
	ck_assert_str_eq(view_of(0).message, "");
}
END_TEST

START_TEST(foreign_name_hurts_its_slot_alone)
{
	struct fake_container *foreign = fake_add(bench.engine, "", "acts_1", 9, "", ENGINE_EXITED, "", 0);

	foreign->foreign = true;
	begin();
	wait_settled();
	scale_to(3);
	wait_ready(2);
	bench_run(&bench, 50);
	ck_assert_int_eq(view_of(1).reason, REASON_NAME_TAKEN);
	ck_assert_ptr_nonnull(view_of(2).backend);
	fake_remove(bench.engine, foreign);
	wait_settled();
}
END_TEST

START_TEST(own_leftover_of_the_name_is_removed)
{
	begin();
	wait_settled();
	bench.engine->silent = true;
	fake_add(bench.engine, "acts", "acts_1", 1, "old", ENGINE_EXITED, "", 0);
	scale_to(2);
	wait_ready(2);
	bench.engine->silent = false;
	wait_settled();
	ck_assert_str_eq(fake_by_name(bench.engine, "acts_1")->spec, bench.hash);
}
END_TEST

/* Also where the container ran until it was to have the port (1), and where its end is told late (2). */
START_TEST(foreign_port_then_free)
{
	struct fake_container *foreign;
	unsigned starts;

	bench.service.late_network = _i > 0;
	bench.engine->late_end = _i == 2;

	publish(REACH_PUBLISHED);
	foreign = fake_add(bench.engine, "", "web", 9, "", ENGINE_RUNNING, "", (int)bench.service.first_port);
	foreign->foreign = true;
	begin();
	bench_run(&bench, 100);
	ck_assert_int_eq(view_of(0).reason, REASON_PORT_TAKEN);
	ck_assert_uint_eq(view_of(0).faults, 0);
	starts = bench.engine->calls[FAKE_START];
	bench_run(&bench, 100); /* it backs off: no port of ours has just been freed */
	ck_assert_uint_le(bench.engine->calls[FAKE_START], starts + 1);
	fake_remove(bench.engine, foreign);
	wait_settled();
}
END_TEST

static void lose_port(enum engine_reach reach)
{
	publish(reach);
	bench.engine->lost_port = (int)bench.service.first_port;
	begin();
}

static void start_engine_again(void)
{
	bench.engine->down = true;
	bench.engine->observer.on_down("gone", bench.engine->observer.arg);
	bench.engine->lost_port = bench.engine->noted_port = 0;
	bench.engine->down = false;
	bench.engine->observer.on_up(bench.engine->observer.arg);
}

START_TEST(goes_without_a_lost_port)
{
	lose_port(REACH_SOCKET);
	wait_settled();
	ck_assert(fake_by_name(bench.engine, "acts_0")->unpublished);
	ck_assert(fake_by_name(bench.engine, "acts_0.next")->unpublished);
	ck_assert_int_eq(fake_by_name(bench.engine, "acts_0")->port, (int)bench.service.first_port);
	scale_to(2); /* another port */
	wait_settled();
	ck_assert(!fake_by_name(bench.engine, "acts_1")->unpublished);
	scale_to(1);
	wait_settled();
	start_engine_again();
	for (int i = 0; i < 2; i++) { /* the one created ahead had no port yet */
		fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
		wait_settled();
	}
	ck_assert(!fake_by_name(bench.engine, "acts_0")->unpublished);
}
END_TEST

/* Docker may take what a container of ours that has just ended holds for lost: it is waited for, and had again. */
START_TEST(a_port_that_is_being_freed_is_not_forgone)
{
	publish(REACH_SOCKET);
	begin();
	wait_settled();
	bench.engine->lost_port = (int)bench.service.first_port;
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
	bench_run(&bench, 300);
	ck_assert_uint_eq(ready_now(), 0);
	bench.engine->lost_port = 0;
	wait_settled();
	ck_assert_int_eq(bench.engine->noted_port, 0);
	ck_assert(!fake_by_name(bench.engine, "acts_0")->unpublished);
}
END_TEST

/* The slot has to wait for it, and nobody else serves: so another one does, on the port that is there for rolls. */
START_TEST(lost_port_is_needed_where_it_is_the_way_in)
{
	lose_port(REACH_PUBLISHED);
	wait_ready(1);
	bench_run(&bench, 2000);
	ck_assert_int_eq(view_of(0).reason, REASON_PORT_TAKEN);
	ck_assert_uint_eq(ready_now(), 1);
	ck_assert_int_eq(fake_by_name(bench.engine, "acts_roll")->port, (int)bench.service.first_port + 4);
	start_engine_again();
	wait_settled();
	ck_assert_ptr_null(fake_by_name(bench.engine, "acts_roll"));
	ck_assert(!fake_by_name(bench.engine, "acts_0")->unpublished);
}
END_TEST

/* An engine may not know it at the start. */
START_TEST(address_is_asked_for)
{
	publish(REACH_BRIDGE);
	bench.engine->unlocated = true;
	begin();
	wait_settled();
	ck_assert_uint_ge(bench.engine->calls[FAKE_INSPECT], 1);
}
END_TEST

/* Nobody knows, and it is asked again after a while, not at once. */
START_TEST(address_in_doubt)
{
	bench.engine->unlocated = true;
	bench.service.reach = REACH_BRIDGE;
	bench_rehash(&bench);
	bench.engine->fail_with[FAKE_INSPECT] = ENGINE_TIMEOUT;
	bench.engine->fail_times[FAKE_INSPECT] = 1000;
	begin();
	bench_run(&bench, 300);
	ck_assert_uint_le(bench.engine->calls[FAKE_INSPECT], 2);
	ck_assert_int_eq(view_of(0).reason, REASON_ENGINE_DOWN);
	bench.engine->fail_times[FAKE_INSPECT] = 0;
}
END_TEST

START_TEST(create_answered_late_and_lost)
{
	bench.engine->fail_times[FAKE_CREATE] = 1;
	bench.engine->fail_with[FAKE_CREATE] = ENGINE_TIMEOUT;
	bench.engine->hidden_failure[FAKE_CREATE] = true; /* it was created all the same */
	begin();
	wait_settled();
	ck_assert_uint_eq(fake_count(bench.engine, ENGINE_RUNNING), 1);
	ck_assert_uint_eq(fake_count(bench.engine, ENGINE_CREATED), 1);
	ck_assert_uint_eq(bench.engine->calls[FAKE_CREATE], 2); /* it was taken, and the next one made */
}
END_TEST

START_TEST(start_answered_late_and_lost)
{
	bench.engine->fail_times[FAKE_START] = 1;
	bench.engine->fail_with[FAKE_START] = ENGINE_TIMEOUT;
	bench.engine->hidden_failure[FAKE_START] = true;
	begin();
	wait_settled();
}
END_TEST

START_TEST(remove_is_tried_again)
{
	begin();
	wait_settled();
	bench.engine->fail_times[FAKE_REMOVE] = 2;
	bench.engine->fail_with[FAKE_REMOVE] = ENGINE_REFUSED;
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 1);
	wait_ready(1);
	bench_run(&bench, 200);
	ck_assert_uint_eq(bench.engine->calls[FAKE_REMOVE], 1); /* again after half a second, not at once */
	wait_settled();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor_refused");
	TCase *tcase;

	tcase = tcase_of(suite, "refusals", 20);
	tcase_add_test(tcase, says_why_it_cannot_create);
	tcase_add_test(tcase, foreign_name_hurts_its_slot_alone);
	tcase_add_test(tcase, own_leftover_of_the_name_is_removed);
	tcase_add_loop_test(tcase, foreign_port_then_free, 0, 3);
	tcase_add_test(tcase, goes_without_a_lost_port);
	tcase_add_test(tcase, a_port_that_is_being_freed_is_not_forgone);
	tcase_add_test(tcase, lost_port_is_needed_where_it_is_the_way_in);
	tcase_add_test(tcase, address_is_asked_for);
	tcase_add_test(tcase, address_in_doubt);
	tcase_add_test(tcase, create_answered_late_and_lost);
	tcase_add_test(tcase, start_answered_late_and_lost);
	tcase_add_test(tcase, remove_is_tried_again);
	return run_suite(suite);
}
