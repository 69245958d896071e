/* What is remembered of a service: as one entry for what goes on, until something serves. */
#include "orchestrator/fleet/lately.h"

#include "common/clock.h"
#include "tests/unit/orchestrator/fleet/supervisor_bench.h"

#include <string.h>

static bool is_ready(void *arg)
{
	(void)arg;
	return fake_by_name(bench.engine, "acts_0") != NULL && ready_now() == 1;
}

/* What is over is remembered: as one entry for a crash loop, with the newest cause and how long it took. */
START_TEST(what_is_remembered)
{
	const struct lately_entry *entry;

	begin();
	for (unsigned i = 0; i < 3; i++) {
		ck_assert(bench_until(&bench, is_ready, NULL, 3000));
		fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 3);
		bench_run(&bench, 50);
	}
	wait_settled();
	entry = lately_at(lately, 0);
	ck_assert_uint_ge(lately_count(lately), 1);
	ck_assert_int_eq(entry->what, LATELY_FAULT);
	ck_assert_str_eq(entry->service, "acts");
	ck_assert_int_eq(entry->slot, 0);
	ck_assert_msg(strncmp(entry->cause, "it exited with code 3; its last words: \"two\"", 44) == 0, "%s",
	              entry->cause);
	ck_assert(!entry->open && entry->took_ms > 0);
	ck_assert_uint_eq(strlen(entry->incident), 8);
}
END_TEST

static const enum fake_verb refusal_verbs[] = {FAKE_PREPARE, FAKE_CREATE};

static bool one_is_open(void *what)
{
	return lately_count(lately) > 0 && lately_at(lately, 0)->open &&
	       lately_at(lately, 0)->what == *(const enum lately_what *)what;
}

/* Without an image there is no fault: what was refused is remembered, how often, and until when. */
START_TEST(refusals_are_remembered)
{
	enum lately_what what = LATELY_REFUSED;

	bench.engine->fail_times[refusal_verbs[_i]] = 2;
	bench.engine->fail_with[refusal_verbs[_i]] = ENGINE_NO_IMAGE;
	begin();
	ck_assert(bench_until(&bench, one_is_open, &what, 2000));
	ck_assert_str_eq(lately_at(lately, 0)->service, "acts");
	wait_settled();
	ck_assert_uint_eq(lately_count(lately), 1);
	ck_assert_uint_eq(lately_at(lately, 0)->times, 2);
	ck_assert(!lately_at(lately, 0)->open);
	ck_assert_int_gt(lately_at(lately, 0)->took_ms, 400);
	ck_assert_ptr_nonnull(strstr(lately_at(lately, 0)->cause, "there is no image"));
}
END_TEST

/* What all share is there again, and still nothing serves: so it is not over. */
START_TEST(a_refusal_lasts_until_something_serves)
{
	enum lately_what what = LATELY_REFUSED;
	int64_t begun_us;

	bench.engine->fail_times[FAKE_PREPARE] = 1;
	bench.engine->fail_with[FAKE_PREPARE] = ENGINE_NO_IMAGE;
	bench.engine->answer = FAKE_ILL;
	begin();
	begun_us = clock_us();
	ck_assert(bench_until(&bench, one_is_open, &what, 2000));
	for (int i = 0; i < 3000 && bench.engine->calls[FAKE_START] == 0; i++)
		bench_run(&bench, 1);
	bench_run(&bench, 50);
	ck_assert(lately_at(lately, lately_count(lately) - 1)->open);
	bench.engine->answer = FAKE_GOOD;
	bench.engine->containers->answer = FAKE_GOOD;
	wait_settled();
	const struct lately_entry *entry = lately_at(lately, lately_count(lately) - 1);
	ck_assert(!entry->open && entry->what == LATELY_REFUSED);
	ck_assert_int_ge(entry->took_ms, 500);
	ck_assert_int_le(entry->took_ms, (clock_us() - begun_us) / 1000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor_lately");
	TCase *tcase = tcase_of(suite, "lately", 20);

	tcase_add_test(tcase, what_is_remembered);
	tcase_add_loop_test(tcase, refusals_are_remembered, 0, sizeof(refusal_verbs) / sizeof(refusal_verbs[0]));
	tcase_add_test(tcase, a_refusal_lasts_until_something_serves);
	return run_suite(suite);
}
