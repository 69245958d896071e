/* calls: whom an answer reaches, and whom not any more. */
#include "common/clock.h"
#include "orchestrator/fleet/calls.h"
#include "orchestrator/fleet/step.h"
#include "tests/unit/orchestrator/fleet/fake_timer.h"
#include "tests/unit/unit.h"

#define SECOND 1000000

static struct event_base *base;
static struct step *step;
static struct calls *calls;
static struct call_mark mark;
static unsigned looks, answers;
static const struct engine_result good;

static void on_look(void *arg)
{
	(void)arg;
	looks++;
}

static void on_answer(const struct engine_result *result, void *arg)
{
	ck_assert_ptr_eq(result, &good);
	ck_assert_ptr_eq(arg, &answers);
	ck_assert(!mark.busy);
	answers++;
}

static void make(void)
{
	clock_fake(SECOND);
	base = event_base_new();
	step = step_new(&(struct step_settings){.base = base, .look = on_look});
	calls = calls_new();
	mark = (struct call_mark){0};
	looks = answers = 0;
}

static void clear(void)
{
	calls_free(calls);
	step_free(step);
	event_base_free(base);
	clock_fake(-1);
}

static void *begin(struct call_mark *about)
{
	return calls_begin(calls, &(struct call){.step = step, .mark = about, .done = on_answer, .arg = &answers});
}

START_TEST(busy_until_the_answer)
{
	void *call = begin(&mark);

	ck_assert(mark.busy);
	ck_assert_int_eq(mark.at_us, SECOND);
	clock_fake(3 * SECOND);
	calls_on_answer(&good, call);
	ck_assert_uint_eq(answers, 1);
	ck_assert_int_eq(mark.at_us, 3 * SECOND);
	fake_time_pass(base, 0);
	ck_assert_uint_eq(looks, 1);
}
END_TEST

START_TEST(a_forgotten_call_reaches_nobody)
{
	void *forgotten = begin(&mark);

	calls_forget(calls, step);
	calls_on_answer(&good, forgotten);
	ck_assert_uint_eq(answers, 0);
	ck_assert(mark.busy); /* whoever it was of is gone */
	fake_time_pass(base, SECOND);
	ck_assert_uint_eq(looks, 0);
}
END_TEST

START_TEST(others_calls_are_not_forgotten)
{
	struct step *other = step_new(&(struct step_settings){.base = base, .look = on_look});
	void *call = begin(NULL);

	calls_forget(calls, other);
	step_free(other);
	calls_on_answer(&good, call);
	ck_assert_uint_eq(answers, 1);
}
END_TEST

/* The engine is gone: its answers do not come, and nothing is left behind (the sanitizer looks). */
START_TEST(what_is_in_flight_goes_with_them)
{
	(void)begin(&mark);
	(void)begin(NULL);
}
END_TEST

UNIT_MAIN_WITH("calls", make, clear, busy_until_the_answer, a_forgotten_call_reaches_nobody,
               others_calls_are_not_forgotten, what_is_in_flight_goes_with_them)
