/* Questions that wait for a probe, and when their answers are told. */
#include "common/clock.h"
#include "orchestrator/fleet/health_question.h"
#include "tests/unit/unit.h"

#include <event2/event.h>

static struct event_base *base;
static struct answers answers;
static struct questions questions;
static int told, told_well;
static struct health_question *to_cancel;

static void on_told(bool well, void *arg)
{
	ck_assert_ptr_eq(arg, &told);
	told++;
	told_well += well;
	if (to_cancel != NULL)
		question_free(to_cancel);
	to_cancel = NULL;
}

static void set_up(void)
{
	base = event_base_new();
	answers_init(&answers, base);
	TAILQ_INIT(&questions);
	told = told_well = 0;
	to_cancel = NULL;
}

static void tear_down(void)
{
	questions_drop(&questions);
	answers_clear(&answers);
	event_base_free(base);
}

static void turn(void)
{
	int64_t until_ms = clock_ms() + 20;

	while (clock_ms() < until_ms)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

START_TEST(an_older_probe_answers_nothing)
{
	question_new(&questions, 3, on_told, &told);
	question_new(&questions, 4, on_told, &told);
	ck_assert(questions_answer(&questions, 2, false, &answers));
	turn();
	ck_assert_int_eq(told, 0);
	ck_assert(questions_answer(&questions, 3, true, &answers));
	turn();
	ck_assert_int_eq(told, 1);
	ck_assert(!questions_answer(&questions, 5, false, &answers));
	turn();
	ck_assert_int_eq(told, 2);
	ck_assert_int_eq(told_well, 1);
}
END_TEST

START_TEST(nobody_is_told_within_his_own_call)
{
	question_new_answered(&answers, true, on_told, &told);
	ck_assert_int_eq(told, 0);
	turn();
	ck_assert_int_eq(told, 1);
	ck_assert_int_eq(told_well, 1);
}
END_TEST

START_TEST(one_that_is_taken_back_is_not_told)
{
	question_free(question_new(&questions, 1, on_told, &told));
	question_free(question_new_answered(&answers, true, on_told, &told));
	ck_assert(!questions_answer(&questions, 1, true, &answers));
	turn();
	ck_assert_int_eq(told, 0);
}
END_TEST

/* The first one's answer makes its asker give up the second, which is answered and not told yet. */
START_TEST(an_answer_may_take_back_another)
{
	question_new_answered(&answers, false, on_told, &told);
	to_cancel = question_new_answered(&answers, false, on_told, &told);
	turn();
	ck_assert_int_eq(told, 1);
}
END_TEST

START_TEST(those_left_at_the_end_are_dropped)
{
	question_new(&questions, 1, on_told, &told);
	question_new_answered(&answers, true, on_told, &told);
	ck_assert_int_eq(told, 0); /* what they hold is freed by tear_down */
}
END_TEST

UNIT_MAIN_WITH("health_question", set_up, tear_down, an_older_probe_answers_nothing, nobody_is_told_within_his_own_call,
               one_that_is_taken_back_is_not_told, an_answer_may_take_back_another, those_left_at_the_end_are_dropped)
