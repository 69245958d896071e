/* What a roll, a replacement and a ports' stand-in say of themselves: how far they are, what they wait for, and why they failed,
 * as long as that holds. */
#include "common/mem.h"
#include "orchestrator/fleet/lately.h"
#include "tests/unit/orchestrator/fleet/supervisor_bench.h"

#include <stdlib.h>
#include <string.h>

static void set_image(const char *image)
{
	free(bench.service.image);
	bench.service.image = mem_dup(image);
	bench_rehash(&bench);
}

static struct supervisor_roll roll;

static bool rolls(void *arg)
{
	(void)arg;
	return supervisor_roll_at(supervisor, &roll) && !roll.due;
}

static bool waits_for(void *words)
{
	return rolls(NULL) && strstr(roll.waits_for, words) != NULL;
}

static void wait_waits(const char *words)
{
	ck_assert_msg(bench_until(&bench, waits_for, (void *)(uintptr_t)words, 3000), "\"%s\" instead of \"%s\"",
	              roll.waits_for, words);
}

static char failed_cause[CAUSE_SIZE];

static bool has_failed(void *cause)
{
	supervisor_roll_cause(supervisor, failed_cause);
	return strstr(failed_cause, cause) != NULL;
}

/* What runs is shown, and why it is not what is configured. */
START_TEST(a_roll_says_how_far_it_is)
{
	struct err err;

	set_image("acts:1");
	begin();
	wait_settled();
	ck_assert(!supervisor_roll_at(supervisor, &roll));
	set_image("acts:2");
	bench.engine->delay_us[FAKE_START] = bench.engine->delay_us[FAKE_STOP] = 100000;
	supervisor_reload(supervisor, &bench.config, &bench.service);
	wait_waits("acts_roll is being started");
	ck_assert_str_eq(roll.what, "roll");
	ck_assert_int_eq(roll.slot, -1);
	ck_assert_str_eq(view_of(0).image, "acts:1");
	ck_assert(view_of(0).image_differs);
	ck_assert_str_eq(supervisor_image_why(supervisor), "the roll to the configured one is under way");
	ck_assert(!supervisor_roll(supervisor, &err));
	ck_assert_ptr_nonnull(strstr(err.message, "a roll is under way already"));
	wait_waits("acts_0 is being stopped");
	ck_assert_int_eq(roll.slot, 0);
	ck_assert_uint_eq(roll.of, 1);
	ck_assert_int_gt(roll.since_us, roll.begun_us);
	ck_assert_str_eq(view_of(0).waits_for, roll.waits_for);
	ck_assert_int_eq(view_of(0).reason, REASON_ROLL);
	wait_settled();
	ck_assert_str_eq(view_of(0).image, "acts:2");
	ck_assert(!view_of(0).image_differs);
}
END_TEST

START_TEST(a_replacement_is_no_roll)
{
	struct err err;

	begin();
	wait_settled();
	ck_assert(supervisor_replace(supervisor, 0, &err));
	ck_assert(bench_until(&bench, rolls, NULL, 1000));
	ck_assert_str_eq(roll.what, "replace");
	ck_assert(!supervisor_roll(supervisor, &err));
	ck_assert_msg(strstr(err.message, "a container is being replaced") != NULL, "%s", err.message);
	wait_settled();
	ck_assert(supervisor_roll(supervisor, &err));
	ck_assert(bench_until(&bench, rolls, NULL, 1000));
	ck_assert_str_eq(roll.what, "roll");
	wait_settled();
}
END_TEST

/* --- how far it is --------------------------------------------------------------------------------------------- */

static bool backwards;
static unsigned most_done;

/* Counts: never more are done than there are, and when a roll goes back that is a way of its own. */
static bool counts_on(void *until)
{
	if (supervisor_roll_at(supervisor, &roll)) {
		ck_assert_uint_le(roll.done, roll.of);
		ck_assert_uint_le(roll.of, 3);
		backwards |= roll.done < most_done;
		most_done = roll.done > most_done ? roll.done : most_done;
	}
	return ((bool (*)(void *))until)(NULL);
}

static bool two_are_done(void *arg)
{
	return rolls(arg) && roll.done == 2;
}

static bool is_over(void *arg)
{
	return settled(arg) && !supervisor_is_rolling(supervisor);
}

/* The third slot's new container fails: what was done is undone. */
START_TEST(no_more_is_done_than_there_is)
{
	char old[ENGINE_SPEC_SIZE];

	backwards = false;
	most_done = 0;
	begin();
	scale_to(3);
	wait_settled();
	snprintf(old, sizeof(old), "%s", bench.hash);
	strings_add(&bench.service.env, "BAD=1");
	bench_rehash(&bench);
	supervisor_reload(supervisor, &bench.config, &bench.service);
	ck_assert(bench_until(&bench, counts_on, two_are_done, 5000));
	bench.engine->answer = FAKE_ODD;
	for (struct fake_container *c = bench.engine->containers; c != NULL; c = c->next)
		if (c->state == ENGINE_CREATED)
			c->answer = FAKE_ODD;
	ck_assert(bench_until(&bench, has_failed, "its last roll failed, ", 5000));
	bench.engine->answer = FAKE_GOOD;
	ck_assert_str_eq(supervisor_image_why(supervisor),
	                 "the roll to the configured one failed, and is being undone");
	ck_assert(bench_until(&bench, counts_on, is_over, 8000));
	ck_assert(backwards);
	wait_rolled(old, 3);
}
END_TEST

/* Of a replacement it is what was ordered that counts. */
START_TEST(a_replacement_is_one_of_one)
{
	struct err err;

	begin();
	scale_to(3);
	wait_settled();
	ck_assert(supervisor_replace(supervisor, 1, &err));
	ck_assert(bench_until(&bench, rolls, NULL, 1000));
	ck_assert_str_eq(roll.what, "replace");
	ck_assert_uint_eq(roll.done, 0);
	ck_assert_uint_eq(roll.of, 1);
	wait_settled();
}
END_TEST

START_TEST(what_a_roll_waits_for_may_be_the_engine)
{
	begin();
	wait_settled();
	bench.engine->down = true;
	bench.engine->observer.on_down("away", bench.engine->observer.arg);
	set_image("acts:2");
	supervisor_reload(supervisor, &bench.config, &bench.service);
	ck_assert(supervisor_roll_at(supervisor, &roll));
	ck_assert(roll.due);
	ck_assert_str_eq(roll.what, "roll");
	ck_assert_str_eq(roll.waits_for, "the engine does not answer");
	ck_assert_uint_eq(roll.done, 0);
	ck_assert_uint_eq(roll.of, 1);
	bench.engine->down = false;
	bench.engine->observer.on_up(bench.engine->observer.arg);
	wait_settled();
}
END_TEST

/* --- why it failed --------------------------------------------------------------------------------------------- */

static bool is_well(void *arg)
{
	(void)arg;
	return supervisor_roll_failed(supervisor)[0] == '\0' && !has_failed("failed");
}

static void wait_failed(const char *cause)
{
	ck_assert_msg(bench_until(&bench, has_failed, (void *)(uintptr_t)cause, 3000), "\"%s\" instead of \"%s\"",
	              failed_cause, cause);
	ck_assert_uint_lt(strlen(failed_cause), CAUSE_SIZE);
}

static void fail_a_roll(void)
{
	set_image("acts:1");
	begin();
	wait_settled();
	set_image("acts:2");
	bench.engine->answer = FAKE_ODD;
	supervisor_reload(supervisor, &bench.config, &bench.service);
	wait_failed("its last roll failed, what was there before serves on: ");
	bench.engine->answer = FAKE_GOOD;
	wait_settled();
}

START_TEST(a_roll_that_fails_says_why)
{
	fail_a_roll();
	wait_failed("the last one saw: status 404 on /api/v1/_health: is health.path right?");
	ck_assert_str_eq(view_of(0).image, "acts:1");
	ck_assert(view_of(0).image_differs);
	ck_assert_uint_eq(lately_count(lately), 1);
	ck_assert_int_eq(lately_at(lately, 0)->what, LATELY_ROLL_FAILED);
	ck_assert_ptr_nonnull(strstr(failed_cause, lately_at(lately, 0)->cause));
	ck_assert_ptr_nonnull(strstr(supervisor_image_why(supervisor), "failed, and what was there before serves on"));
}
END_TEST

START_TEST(it_is_over_when_the_configuration_is_reverted)
{
	fail_a_roll();
	set_image("acts:1");
	supervisor_reload(supervisor, &bench.config, &bench.service);
	bench_run(&bench, 50);
	ck_assert(is_well(NULL));
	ck_assert(!view_of(0).image_differs);
	ck_assert_uint_eq(lately_count(lately), 1); /* which stays */
}
END_TEST

/* What is configured is what a roll is to bring, where it had failed. */
START_TEST(an_order_tries_the_configured_one_again)
{
	struct err err;

	fail_a_roll();
	ck_assert(supervisor_roll(supervisor, &err));
	ck_assert(is_well(NULL));
	ck_assert(bench_until(&bench, rolls, NULL, 1000));
	wait_settled();
	ck_assert_str_eq(view_of(0).image, "acts:2");
	ck_assert(is_well(NULL));
}
END_TEST

/* A replacement in between makes a new container of what serves: that the roll failed still stands. */
START_TEST(a_replacement_does_not_hide_it)
{
	struct err err;

	fail_a_roll();
	ck_assert(supervisor_replace(supervisor, 0, &err));
	ck_assert(bench_until(&bench, rolls, NULL, 1000));
	ck_assert(bench_until(&bench, is_over, NULL, 3000));
	ck_assert(has_failed("its last roll failed, "));
	ck_assert_ptr_nonnull(strstr(supervisor_image_why(supervisor), "failed, and what was there before serves on"));
}
END_TEST

START_TEST(a_replacement_that_fails_is_over_with_its_container)
{
	struct err err;

	begin();
	wait_settled();
	bench.engine->answer = FAKE_ODD;
	ck_assert(supervisor_replace(supervisor, 0, &err));
	wait_failed("a container was not replaced as ordered, what was there before serves on: no good probe");
	ck_assert_int_eq(lately_at(lately, 0)->what, LATELY_REPLACE_FAILED);
	bench.engine->answer = FAKE_GOOD;
	wait_settled();
	ck_assert(has_failed("a container was not replaced as ordered, "));
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 1);
	ck_assert(bench_until(&bench, is_well, NULL, 3000));
	wait_settled();
}
END_TEST

/* Nothing is stale, and the stand-in cannot have a port either. */
START_TEST(a_stand_in_that_fails_is_over_when_the_slots_serve)
{
	publish(REACH_PUBLISHED);
	bench.engine->fail_times[FAKE_START] = 1000;
	bench.engine->fail_with[FAKE_START] = ENGINE_PORT_TAKEN;
	begin();
	ck_assert_msg(bench_until(&bench, has_failed, "others have its ports, and no stand-in could be had: ", 8000),
	              "%s", failed_cause);
	ck_assert_int_eq(lately_at(lately, 0)->what, LATELY_STAND_IN_FAILED);
	bench.engine->fail_times[FAKE_START] = 0;
	wait_settled();
	ck_assert(bench_until(&bench, is_well, NULL, 3000));
}
END_TEST

/* --- whose last words ------------------------------------------------------------------------------------------ */

static bool stand_in_runs(void *arg)
{
	struct fake_container *container = fake_by_name(bench.engine, "acts_roll");

	(void)arg;
	return container != NULL && container->state == ENGINE_RUNNING;
}

/* How its container ended is told when that is known. */
START_TEST(a_roll_that_crashes_says_its_last_words)
{
	begin();
	wait_settled();
	bench.engine->answer = FAKE_HANG;
	strings_add(&bench.service.env, "BAD=1");
	supervisor_reload(supervisor, &bench.config, &bench.service);
	ck_assert(bench_until(&bench, stand_in_runs, NULL, 1000));
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_roll"), 4);
	wait_failed("serves on: it exited with code 4; its last words: \"two\"");
	ck_assert_ptr_nonnull(strstr(failed_cause, lately_at(lately, 0)->cause));
	bench.engine->answer = FAKE_GOOD;
	wait_settled();
}
END_TEST

/* A container of slot 0 that is made from what is configured now, and runs. */
static struct fake_container *new_in_slot;

static bool new_one_runs(void *arg)
{
	(void)arg;
	for (struct fake_container *c = bench.engine->containers; c != NULL; c = c->next)
		if (c->slot == 0 && c->state == ENGINE_RUNNING && strcmp(c->spec, bench.hash) == 0) {
			new_in_slot = c;
			return true;
		}
	return false;
}

/* So it is where the stand-in was well, and a slot's new container is not. */
START_TEST(a_slot_that_crashes_in_a_roll_says_its_last_words)
{
	begin();
	wait_settled();
	strings_add(&bench.service.env, "BAD=1");
	bench_rehash(&bench);
	bench.engine->delay_us[FAKE_STOP] = 100000;
	supervisor_reload(supervisor, &bench.config, &bench.service);
	wait_waits("acts_0 is being stopped");
	bench.engine->answer = FAKE_HANG;
	ck_assert(bench_until(&bench, new_one_runs, NULL, 2000));
	fake_kill(bench.engine, new_in_slot, 4);
	wait_failed("serves on: it exited with code 4; its last words: \"two\"");
	ck_assert_int_eq(lately_at(lately, 0)->what, LATELY_ROLL_FAILED);
	ck_assert_ptr_nonnull(strstr(failed_cause, lately_at(lately, 0)->cause));
	bench.engine->answer = FAKE_GOOD;
	wait_settled();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor_rolls");
	TCase *tcase = tcase_of(suite, "progress", 20);

	tcase_add_test(tcase, a_roll_says_how_far_it_is);
	tcase_add_test(tcase, a_replacement_is_no_roll);
	tcase_add_test(tcase, no_more_is_done_than_there_is);
	tcase_add_test(tcase, a_replacement_is_one_of_one);
	tcase_add_test(tcase, what_a_roll_waits_for_may_be_the_engine);
	tcase = tcase_of(suite, "failures", 20);
	tcase_add_test(tcase, a_roll_that_fails_says_why);
	tcase_add_test(tcase, it_is_over_when_the_configuration_is_reverted);
	tcase_add_test(tcase, an_order_tries_the_configured_one_again);
	tcase_add_test(tcase, a_replacement_does_not_hide_it);
	tcase_add_test(tcase, a_replacement_that_fails_is_over_with_its_container);
	tcase_add_test(tcase, a_stand_in_that_fails_is_over_when_the_slots_serve);
	tcase_add_test(tcase, a_roll_that_crashes_says_its_last_words);
	tcase_add_test(tcase, a_slot_that_crashes_in_a_roll_says_its_last_words);
	return run_suite(suite);
}
