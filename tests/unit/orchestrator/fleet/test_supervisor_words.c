/* A slot that does not serve says why: what its container's probes see while it starts, when it has had its time, and how
 * often that was so. */
#include "common/clock.h"
#include "tests/unit/orchestrator/fleet/supervisor_bench.h"

#include <string.h>

static struct supervisor_slot seen;

static bool says(void *text)
{
	if (supervisor_slot_count(supervisor) == 0)
		return false;
	seen = view_of(0);
	return strstr(seen.message, text) != NULL;
}

static void wait_says(const char *text, const char *state)
{
	ck_assert_msg(bench_until(&bench, says, (void *)(uintptr_t)text, 3000), "\"%s\" instead of \"%s\"",
	              seen.message, text);
	ck_assert_str_eq(seen.state, state);
}

START_TEST(while_it_starts)
{
	bench.engine->answer = FAKE_ODD;
	begin();
	bench_run(&bench, 30);
	ck_assert_str_eq(view_of(0).message, ""); /* that is normal at first */
	wait_says("status 404 on /api/v1/_health", "starting");
	ck_assert_str_eq(seen.message, "status 404 on /api/v1/_health");
	ck_assert_int_eq(seen.reason, REASON_PROBE_STATUS);
	bench.engine->containers->answer = FAKE_GOOD;
	wait_settled();
	ck_assert_str_eq(view_of(0).message, "");
	ck_assert_int_eq(view_of(0).reason, REASON_PROBE_GOOD);
}
END_TEST

static const struct {
	enum fake_answer answer;
	const char *over; /* found in what is said when it has had its time */
} starts[] = {
        {FAKE_ODD, "status 404 on /api/v1/_health: is health.path right?"},
        {FAKE_ILL, "status 500 on /api/v1/_health: does its own output say why?"},
        {FAKE_RESET, ": does the program listen on the unix socket that its LISTEN names?"},
        {FAKE_HANG, "no answer within 150 ms: does the program hang, or does it need a longer health.start_ms?"},
};

START_TEST(when_it_had_its_time)
{
	char text[128];

	bench.engine->answer = starts[_i].answer;
	begin();
	snprintf(text, sizeof(text), "no good probe within 0.4 s; the last one saw: ");
	ck_assert_msg(bench_until(&bench, says, text, 3000), "%s", seen.message);
	ck_assert_msg(strstr(seen.message, starts[_i].over) != NULL, "%s", seen.message);
}
END_TEST

static bool backs_off(void *arg)
{
	(void)arg;
	return says("") && strcmp(seen.state, "backing-off") == 0;
}

/* However long each try takes: three that come to nothing are enough. */
START_TEST(tries_in_vain_back_off)
{
	unsigned tries;

	bench.service.health.start_ms = 300;
	bench.engine->answer = FAKE_ODD;
	begin();
	ck_assert(bench_until(&bench, backs_off, NULL, 5000));
	tries = bench.engine->calls[FAKE_START];
	ck_assert_uint_eq(tries, 3);
	ck_assert_int_eq(seen.reason, REASON_CRASH_LOOP);
	ck_assert_ptr_nonnull(
	        strstr(seen.message, "the last one saw: status 404 on /api/v1/_health: is health.path right?"));
	ck_assert_ptr_nonnull(strstr(seen.message, "start-timeout, 3 times one after the other"));
	bench_run(&bench, 2200); /* 0.5 and 1 s and what two starts take */
	ck_assert_uint_le(bench.engine->calls[FAKE_START], 5);
	bench.engine->answer = FAKE_GOOD;
	wait_settled();
	ck_assert_str_eq(view_of(0).message, "");
}
END_TEST

START_TEST(how_it_ended)
{
	begin();
	wait_settled();
	bench.engine->fail_times[FAKE_START] = 1000;
	bench.engine->fail_with[FAKE_START] = ENGINE_UNREACHABLE;
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 3);
	wait_says("it exited with code 3", "creating");
	bench.engine->fail_times[FAKE_START] = 0;
	wait_settled();
}
END_TEST

/* --- nothing can come ------------------------------------------------------------------------------------------ */

static bool obstructed(void *arg)
{
	return supervisor_is_obstructed(supervisor, arg);
}

/* Image, network and volumes are asked for first; and again, after longer and longer. */
START_TEST(what_it_needs_is_not_there)
{
	struct supervisor_obstacle obstacle;

	told_nothing = 0;
	bench.engine->fail_times[FAKE_PREPARE] = 2;
	bench.engine->fail_with[FAKE_PREPARE] = _i == 0 ? ENGINE_NO_IMAGE : ENGINE_REFUSED;
	begin();
	supervisor_set_waiting(supervisor, 1);
	ck_assert(!obstructed(&obstacle)); /* nobody knows yet */
	ck_assert(bench_until(&bench, obstructed, &obstacle, 1000));
	ck_assert_str_eq(obstacle.message, "as the test says");
	ck_assert_int_gt(obstacle.retry_us, clock_us());
	ck_assert(!supervisor_is_short(supervisor));
	bench_run(&bench, 20);
	ck_assert_uint_ge(told_nothing, 1);
	ck_assert_str_eq(view_of(0).state, "backing-off");
	ck_assert_str_eq(view_of(0).message, "as the test says");
	ck_assert_int_eq(view_of(0).reason, _i == 0 ? REASON_NO_IMAGE : REASON_CREATE_FAILED);
	wait_settled();
	ck_assert(!obstructed(&obstacle));
	ck_assert_uint_eq(bench.engine->calls[FAKE_PREPARE], 3);
}
END_TEST

/* Refused once it may be what the next try makes anew; refused again it is not. */
START_TEST(refused_again_and_again)
{
	struct supervisor_obstacle obstacle;

	bench.engine->fail_times[FAKE_START] = 2;
	bench.engine->fail_with[FAKE_START] = ENGINE_REFUSED;
	begin();
	wait_says("as the test says", "backing-off");
	ck_assert(!obstructed(&obstacle));
	ck_assert(bench_until(&bench, obstructed, &obstacle, 2000));
	ck_assert_uint_eq(bench.engine->calls[FAKE_START], 2);
	wait_settled();
	ck_assert(!obstructed(&obstacle));
}
END_TEST

/* An engine that is away may come back, and one slot of two is enough. */
START_TEST(something_may_come)
{
	struct supervisor_obstacle obstacle;
	struct fake_container *foreign = fake_add(bench.engine, "", "acts_0", 9, "", ENGINE_EXITED, "", 0);

	foreign->foreign = true;
	bench.service.scale.min = 2;
	bench.engine->fail_times[FAKE_PREPARE] = 1;
	bench.engine->fail_with[FAKE_PREPARE] = ENGINE_UNREACHABLE;
	begin();
	bench_run(&bench, 100);
	ck_assert_int_eq(view_of(0).reason, REASON_ENGINE_DOWN);
	ck_assert(!obstructed(&obstacle));
	wait_ready(1);
	bench_run(&bench, 1700);
	ck_assert_int_eq(view_of(0).reason, REASON_NAME_TAKEN);
	ck_assert(!obstructed(&obstacle));
	fake_remove(bench.engine, foreign);
	wait_settled();
}
END_TEST

/* The engine may hold the name of what ended lately for longer than it knows the container. */
START_TEST(own_name_gets_free)
{
	struct supervisor_obstacle obstacle;

	begin();
	wait_settled();
	bench.engine->fail_times[FAKE_CREATE] = 2;
	bench.engine->fail_with[FAKE_CREATE] = ENGINE_NAME_TAKEN;
	fake_remove(bench.engine, fake_by_name(bench.engine, "acts_0.next"));
	fake_remove(bench.engine, fake_by_name(bench.engine, "acts_0"));
	ck_assert(!bench_until(&bench, obstructed, &obstacle, 1200));
	ck_assert_int_eq(view_of(0).reason, REASON_NAME_TAKEN);
	wait_settled();
	ck_assert_int_eq(bench.engine->fail_times[FAKE_CREATE], 0);
}
END_TEST

static bool name_is_taken(void *arg)
{
	(void)arg;
	return view_of(0).reason == REASON_NAME_TAKEN;
}

static bool serves_as_next(void *arg)
{
	(void)arg;
	return bench.engine->calls[FAKE_RENAME] == 1;
}

/* While it is renamed a container has both names, also where it ends meanwhile. */
START_TEST(both_names_are_held_in_a_rename)
{
	begin();
	wait_settled();
	bench.engine->calls[FAKE_RENAME] = 0;
	bench.engine->delay_us[FAKE_RENAME] = 100000;
	fake_remove(bench.engine, fake_by_name(bench.engine, "acts_0"));
	ck_assert(bench_until(&bench, serves_as_next, NULL, 2000));
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0.next"), 137);
	ck_assert(!bench_until(&bench, name_is_taken, NULL, 1000));
	wait_settled();
}
END_TEST

static const struct {
	enum fake_verb verb;
	enum engine_fault fault;
} refusals[] = {
        {FAKE_CREATE, ENGINE_NO_IMAGE},
        {FAKE_CREATE, ENGINE_NAME_TAKEN},
        {FAKE_START, ENGINE_REFUSED},
};

static bool asked_again(void *verb)
{
	return bench.engine->calls[*(const enum fake_verb *)verb] == 3;
}

/* The third try goes well, and takes its time: whoever comes meanwhile waits for it. */
START_TEST(no_more_once_a_try_goes_well)
{
	enum fake_verb verb = refusals[_i].verb;
	struct supervisor_obstacle obstacle;

	bench.engine->fail_times[verb] = 2;
	bench.engine->fail_with[verb] = refusals[_i].fault;
	begin();
	ck_assert(bench_until(&bench, obstructed, &obstacle, 2000));
	bench.engine->delay_us[FAKE_START] = 500000;
	ck_assert(bench_until(&bench, asked_again, &verb, 3000));
	bench_run(&bench, 200);
	ck_assert(!obstructed(&obstacle));
	wait_ready(1);
}
END_TEST

static bool asked_for_one(void *arg)
{
	(void)arg;
	return bench.engine->calls[FAKE_CREATE] == 1;
}

/* The slot is refused its port again and again, but another container is being made, on the port for rolls. */
START_TEST(a_stand_in_comes)
{
	struct supervisor_obstacle obstacle;

	publish(REACH_PUBLISHED);
	bench.engine->lost_port = (int)bench.service.first_port;
	begin();
	ck_assert(bench_until(&bench, asked_for_one, NULL, 1000));
	bench.engine->delay_us[FAKE_CREATE] = 1500000;
	bench_run(&bench, 900);
	ck_assert_int_eq(view_of(0).reason, REASON_PORT_TAKEN);
	ck_assert_uint_ge(bench.engine->calls[FAKE_START], 2);
	ck_assert(supervisor_is_short(supervisor));
	ck_assert(!obstructed(&obstacle));
	wait_ready(1);
	ck_assert(!obstructed(&obstacle));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor_words");
	TCase *tcase = tcase_of(suite, "words", 20);

	tcase_add_test(tcase, while_it_starts);
	tcase_add_loop_test(tcase, when_it_had_its_time, 0, sizeof(starts) / sizeof(starts[0]));
	tcase_add_test(tcase, tries_in_vain_back_off);
	tcase_add_test(tcase, how_it_ended);
	tcase = tcase_of(suite, "obstacles", 20);
	tcase_add_loop_test(tcase, what_it_needs_is_not_there, 0, 2);
	tcase_add_test(tcase, refused_again_and_again);
	tcase_add_test(tcase, something_may_come);
	tcase_add_test(tcase, own_name_gets_free);
	tcase_add_test(tcase, both_names_are_held_in_a_rename);
	tcase_add_test(tcase, a_stand_in_comes);
	tcase_add_loop_test(tcase, no_more_once_a_try_goes_well, 0, sizeof(refusals) / sizeof(refusals[0]));
	return run_suite(suite);
}
