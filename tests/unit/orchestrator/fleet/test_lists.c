/* lists: when the engine is asked, and whose answer counts. */
#include "common/clock.h"
#include "common/log.h"
#include "orchestrator/fleet/lists.h"
#include "tests/unit/orchestrator/fleet/fake_timer.h"
#include "tests/unit/unit.h"

#define SECOND 1000000

static struct event_base *base;
static struct lists *lists;
static unsigned asked, taken;
static int64_t taken_us;
static engine_done *pending;
static void *pending_arg;

static void verb_list(struct engine *engine, engine_done *done, void *arg)
{
	(void)engine;
	ck_assert_ptr_null(pending); /* one at a time */
	asked++;
	pending = done;
	pending_arg = arg;
}

static const struct engine_verbs verbs = {.list = verb_list};
static struct engine engine = {.verbs = &verbs};

static void take(const struct engine_listing *listing, void *arg)
{
	(void)arg;
	taken++;
	taken_us = listing->asked_us;
}

static void answer(enum engine_fault fault)
{
	engine_done *done = pending;

	ck_assert_ptr_nonnull(done);
	pending = NULL;
	done(&(struct engine_result){.fault = fault, .message = ""}, pending_arg);
}

static void make(void)
{
	log_set_level(LOG_ERROR);
	clock_fake(SECOND);
	base = event_base_new();
	lists = lists_new(&(struct lists_settings){.base = base, .taker = take});
	asked = taken = 0;
	pending = NULL;
}

static void clear(void)
{
	lists_free(lists);
	event_base_free(base);
	clock_fake(-1);
}

static void begin(void)
{
	lists_up(lists, &engine);
	fake_time_pass(base, 0);
	ck_assert_uint_eq(asked, 1);
}

START_TEST(an_engine_that_is_up_is_asked)
{
	lists_want(lists);
	fake_time_pass(base, SECOND);
	ck_assert_uint_eq(asked, 0);
	begin();
	clock_fake(5 * SECOND);
	answer(ENGINE_OK);
	ck_assert_uint_eq(taken, 1);
	ck_assert_int_eq(taken_us, 2 * SECOND); /* when it was asked for, not when it came */
	fake_time_pass(base, 100 * SECOND);
	ck_assert_uint_eq(asked, 1); /* nobody named a time */
}
END_TEST

START_TEST(one_is_asked_for_by_its_time)
{
	begin();
	answer(ENGINE_OK);
	lists_due(lists, 31 * SECOND);
	fake_time_pass(base, 29 * SECOND);
	ck_assert_uint_eq(asked, 1);
	fake_time_pass(base, SECOND);
	ck_assert_uint_eq(asked, 2);
}
END_TEST

/* The one in flight may not show what the doubt is about. */
START_TEST(wanted_while_one_is_in_flight_another_follows)
{
	begin();
	lists_want(lists);
	lists_want(lists);
	fake_time_pass(base, SECOND);
	ck_assert_uint_eq(asked, 1);
	answer(ENGINE_OK);
	fake_time_pass(base, 0);
	ck_assert_uint_eq(asked, 2);
	answer(ENGINE_OK);
	fake_time_pass(base, SECOND);
	ck_assert_uint_eq(asked, 2);
}
END_TEST

START_TEST(a_refused_one_waits_whoever_wants_it)
{
	begin();
	answer(ENGINE_REFUSED);
	lists_want(lists);
	fake_time_pass(base, 499000);
	ck_assert_uint_eq(asked, 1);
	fake_time_pass(base, 1000);
	ck_assert_uint_eq(asked, 2);
	answer(ENGINE_REFUSED);
	fake_time_pass(base, 999000);
	ck_assert_uint_eq(asked, 2);
	fake_time_pass(base, 1000);
	ck_assert_uint_eq(asked, 3);
	ck_assert_uint_eq(taken, 0);
}
END_TEST

START_TEST(an_answer_from_before_the_loss_is_dropped)
{
	begin();
	lists_down(lists);
	answer(ENGINE_OK);
	fake_time_pass(base, SECOND);
	ck_assert_uint_eq(taken, 0);
	ck_assert_uint_eq(asked, 1);
	lists_up(lists, &engine);
	fake_time_pass(base, 0);
	ck_assert_uint_eq(asked, 2);
}
END_TEST

START_TEST(stopped_it_neither_asks_nor_takes)
{
	begin();
	lists_stop(lists);
	answer(ENGINE_OK);
	lists_want(lists);
	fake_time_pass(base, SECOND);
	ck_assert_uint_eq(asked, 1);
	ck_assert_uint_eq(taken, 0);
}
END_TEST

UNIT_MAIN_WITH("lists", make, clear, an_engine_that_is_up_is_asked, one_is_asked_for_by_its_time,
               wanted_while_one_is_in_flight_another_follows, a_refused_one_waits_whoever_wants_it,
               an_answer_from_before_the_loss_is_dropped, stopped_it_neither_asks_nor_takes)
