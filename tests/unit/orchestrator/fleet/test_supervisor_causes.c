/* What a slot that does not serve says of itself: the cause in one sentence, how often it was tried, when it is tried again, which
 * image runs. */
#include "common/clock.h"
#include "common/mem.h"
#include "orchestrator/fleet/lately.h"
#include "tests/unit/orchestrator/fleet/supervisor_bench.h"

#include <stdlib.h>
#include <string.h>

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct supervisor_slot seen;

static bool gives(void *cause)
{
	if (supervisor_slot_count(supervisor) == 0)
		return false;
	seen = view_of(0);
	return strstr(seen.cause, cause) != NULL;
}

static void wait_gives(const char *cause)
{
	ck_assert_msg(bench_until(&bench, gives, (void *)(uintptr_t)cause, 4000), "\"%s\" instead of \"%s\" (%s)",
	              seen.cause, cause, seen.message);
	ck_assert_uint_lt(strlen(seen.cause), CAUSE_SIZE);
}

static void set_image(const char *image)
{
	free(bench.service.image);
	bench.service.image = mem_dup(image);
	bench_rehash(&bench);
}

static struct fake_container *slot_0(void)
{
	return fake_by_name(bench.engine, "acts_0");
}

/* --- how containers end ---------------------------------------------------------------------------------------- */

static void end_in_crash(void)
{
	fake_kill(bench.engine, slot_0(), 3);
}

static void end_well(void)
{
	fake_kill(bench.engine, slot_0(), 0);
}

static void end_by_hand(void)
{
	fake_signal(bench.engine, slot_0(), 9);
	fake_kill(bench.engine, slot_0(), 137);
}

static void end_for_memory(void)
{
	fake_oom(bench.engine, slot_0());
}

static void end_removed(void)
{
	fake_remove(bench.engine, slot_0());
}

static void end_paused(void)
{
	fake_pause(bench.engine, slot_0());
}

static void end_unexplained(void)
{
	fake_kill(bench.engine, slot_0(), 137);
}

static const struct {
	void (*end)(void);
	int memory_mb;
	const char *cause;
} ends[] = {
        {end_in_crash, 0, "it exited with code 3: mend the program"},
        {end_well, 0, "its program ended by itself (exit code 0): it has to stay in the foreground"},
        {end_by_hand, 0, "somebody killed it (exit code 137): another one takes its place"},
        {end_unexplained, 0,
         "it was killed (exit code 137) and nobody says by whom: if it was the kernel (`dmesg`), this host"},
        {end_unexplained, 64,
         "it was killed (exit code 137) and nobody says by whom: if it was the kernel (`dmesg`), 64 MB are"},
        {end_for_memory, 64, "it was killed at its memory limit of 64 MB: give it a larger `memory_mb`"},
        {end_for_memory, 0, "it was killed for want of memory: this host has too little"},
        {end_removed, 0, "somebody killed it"},
        {end_paused, 0, "somebody paused its container"},
};

START_TEST(how_it_ended)
{
	bench.service.memory_mb = ends[_i].memory_mb;
	bench_rehash(&bench);
	begin();
	wait_settled();
	ck_assert_str_eq(view_of(0).cause, "");
	bench.engine->delay_us[FAKE_START] = 500000;
	ends[_i].end();
	wait_gives(ends[_i].cause);
	wait_settled();
	ck_assert_str_eq(view_of(0).cause, "");
	ck_assert_uint_eq(view_of(0).attempts, 0);
}
END_TEST

static const struct {
	enum fake_verb verb;
	enum engine_fault fault;
	const char *cause;
} silences[] = {
        {FAKE_LOGS, ENGINE_REFUSED,
         "it exited with code 3, and the engine has none of its output: look where its log driver"},
        {FAKE_LOGS, ENGINE_TIMEOUT, "it exited with code 3: mend the program, or its `command` or `env`"},
        {FAKE_INSPECT, ENGINE_NOT_FOUND, "it exited with code 3: mend the program, or its `command` or `env`"},
};

static bool is_ready(void *arg)
{
	(void)arg;
	return slot_0() != NULL && ready_now() == 1;
}

/* Its exit code, its last words, how often, and when it is tried again: that comes nearer. */
START_TEST(crash_loop)
{
	int64_t retry_us;

	begin();
	for (unsigned i = 0; i < 4; i++) /* then it waits for a second */ {
		ck_assert(bench_until(&bench, is_ready, NULL, 3000));
		fake_kill(bench.engine, slot_0(), 3);
		bench_run(&bench, 50);
	}
	wait_gives("it exited with code 3; its last words: \"two\": mend that");
	ck_assert_str_eq(seen.state, "backing-off");
	ck_assert_int_eq(seen.reason, REASON_CRASH_LOOP);
	ck_assert_int_eq(seen.exit_code, 3);
	ck_assert_str_eq(seen.last_words, "two");
	ck_assert_ptr_null(strstr(seen.message, "next try"));
	retry_us = seen.retry_us;
	ck_assert_int_gt(retry_us, clock_us());
	bench_run(&bench, 50);
	seen = view_of(0);
	ck_assert_int_eq(seen.retry_us, retry_us); /* it is a time: what is left of it runs down */
	ck_assert_uint_ge(seen.attempts, 1);
	wait_settled();
	ck_assert_int_eq(view_of(0).exit_code, -1);
	ck_assert_int_eq(view_of(0).retry_us, 0);
}
END_TEST

/* Nothing is promised that may not come: where the engine has none of its output, that is what is said. */
START_TEST(an_end_without_last_words)
{
	begin();
	wait_settled();
	bench.engine->delay_us[FAKE_START] = 1500000;
	bench.engine->fail_times[silences[_i].verb] = 1;
	bench.engine->fail_with[silences[_i].verb] = silences[_i].fault;
	fake_kill(bench.engine, slot_0(), 3);
	wait_gives("it exited with code 3: mend the program");
	ck_assert_ptr_null(strstr(seen.cause, "follow"));
	wait_gives(silences[_i].cause);
	bench_run(&bench, 100);
	ck_assert_ptr_nonnull(strstr(view_of(0).cause, silences[_i].cause));
	ck_assert_str_eq(lately_at(lately, 0)->cause, view_of(0).cause);
}
END_TEST

/* The last words are whole: ids in them are short, and a long line ends behind a word. */
START_TEST(last_words_are_whole)
{
	static const char *const said[][2] = {
	        {"cannot reach peer " ID "\n", "cannot reach peer 0123456789ab"},
	        {"aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee fffffffff ggggggggg hhhhhhhhh iiiiiiiii jjjjjjjjj "
	         "aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee fffffffff ggggggggg hhhhhhhhh iiiiiiiii jjjjjjjjj kkk",
	         "aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee fffffffff ggggggggg hhhhhhhhh iiiiiiiii jjjjjjjjj "
	         "aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee fffffffff ggggggggg hhhhhhhhh iiiiiiiii ..."},
	};

	bench.engine->output = said[_i][0];
	begin();
	wait_settled();
	bench.engine->delay_us[FAKE_START] = 1500000; /* what it said is asked for meanwhile */
	fake_kill(bench.engine, slot_0(), 3);
	wait_gives("it exited with code 3; its last words: ");
	ck_assert_str_eq(seen.last_words, said[_i][1]);
}
END_TEST

/* A name that is as long as one may be is whole; of one that is nothing but an id the id is short. */
START_TEST(a_found_image_is_whole)
{
	static const char *const shown[] = {"sha256:0123456789ab", NULL};
	char name[256], dir[128];

	memset(name, 'x', 255);
	name[255] = '\0';
	bench.engine->image = _i == 0 ? "sha256:" ID : name;
	set_image(name);
	bench.engine->delay_us[FAKE_CREATE] = 300000; /* of the stand-in */
	add_running("acts_0", 0, "another", dir);
	begin();
	wait_ready(1);
	ck_assert_str_eq(view_of(0).image, shown[_i] != NULL ? shown[_i] : name);
	ck_assert_int_eq(view_of(0).image_differs, _i == 0);
}
END_TEST

/* --- what is refused ------------------------------------------------------------------------------------------- */

static const struct {
	enum fake_verb verb;
	enum engine_fault fault;
	const char *cause;
} refusals[] = {
        {FAKE_PREPARE, ENGINE_NO_IMAGE, "there is no image acts:test here: `docker images`"},
        {FAKE_CREATE, ENGINE_NO_IMAGE, "there is no image acts:test here: `docker images`"},
        {FAKE_CREATE, ENGINE_NAME_TAKEN, "another container has the name acts_0: remove or rename"},
        {FAKE_START, ENGINE_PORT_TAKEN, "others have its port "},
        {FAKE_START, ENGINE_NO_NETWORK, "its network was gone: the next try makes it anew"},
        {FAKE_CREATE, ENGINE_NO_VOLUME, "its volume cannot be had: as the test says"},
        {FAKE_CREATE, ENGINE_NO_SPACE, "Docker's disk is full: make room"},
        {FAKE_START, ENGINE_REFUSED, "the engine refuses it: as the test says"},
        {FAKE_CREATE, ENGINE_UNREACHABLE, "the engine is away, what runs serves on: as the test says"},
};

START_TEST(what_is_refused)
{
	set_image("acts:test");
	publish(REACH_PUBLISHED);
	bench.engine->fail_times[refusals[_i].verb] = 1;
	bench.engine->fail_with[refusals[_i].verb] = refusals[_i].fault;
	begin();
	wait_gives(refusals[_i].cause);
	ck_assert_int_eq(seen.by_engine, refusals[_i].fault != ENGINE_UNREACHABLE);
	ck_assert_str_eq(seen.message, "as the test says");
	ck_assert_uint_eq(seen.attempts, 1);
	wait_settled();
	ck_assert_str_eq(view_of(0).image, "acts:test");
	ck_assert(!view_of(0).image_differs);
}
END_TEST

/* What a probe found of the next container is not the engine's word, though that had refused the one before. */
START_TEST(a_probe_is_not_the_engine)
{
	bench.engine->fail_times[FAKE_START] = 1;
	bench.engine->fail_with[FAKE_START] = ENGINE_REFUSED;
	bench.engine->answer = FAKE_ODD;
	begin();
	wait_gives("the engine refuses it");
	ck_assert(seen.by_engine);
	wait_gives("it starts; its last probe saw: status 404");
	ck_assert_ptr_nonnull(strstr(seen.message, "status 404"));
	ck_assert(!seen.by_engine);
}
END_TEST

START_TEST(an_engine_that_is_away_says_why)
{
	const struct supervisors_engine *engine;

	begin();
	wait_settled();
	engine = supervisors_engine(supervisors);
	ck_assert_str_eq(engine->cause, "");
	bench.engine->down = true;
	bench.engine->observer.on_down("cannot connect to /x: is dockerd running?", bench.engine->observer.arg);
	ck_assert_str_eq(engine->message, "cannot connect to /x: is dockerd running?");
	ck_assert_ptr_nonnull(
	        strstr(engine->cause, "is away, what runs serves on: cannot connect to /x: is dockerd running?"));
	ck_assert_int_eq(lately_at(lately, 0)->what, LATELY_ENGINE_AWAY);
	ck_assert(lately_at(lately, 0)->open);
	bench.engine->down = false;
	bench.engine->observer.on_up(bench.engine->observer.arg);
	ck_assert(!lately_at(lately, 0)->open);
	ck_assert_str_eq(engine->cause, "");
	wait_settled();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor_causes");
	TCase *tcase = tcase_of(suite, "causes", 20);

	tcase_add_loop_test(tcase, how_it_ended, 0, sizeof(ends) / sizeof(ends[0]));
	tcase_add_loop_test(tcase, what_is_refused, 0, sizeof(refusals) / sizeof(refusals[0]));
	tcase_add_test(tcase, a_probe_is_not_the_engine);
	tcase_add_test(tcase, crash_loop);
	tcase_add_loop_test(tcase, an_end_without_last_words, 0, sizeof(silences) / sizeof(silences[0]));
	tcase_add_loop_test(tcase, last_words_are_whole, 0, 2);
	tcase_add_loop_test(tcase, a_found_image_is_whole, 0, 2);
	tcase_add_test(tcase, an_engine_that_is_away_says_why);
	return run_suite(suite);
}
