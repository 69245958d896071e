/* deadline: each passes once, not before its time, and any may be removed while the others are looked at. */
#include "orchestrator/base/deadline.h"

#include "common/clock.h"
#include "common/container_of.h"
#include "tests/unit/unit.h"

#include <event2/event.h>
#include <stdbool.h>
#include <string.h>

#define MANY 10000

struct timed {
	struct deadline deadline;
	int passed;
	struct timed *remove; /* when it passes */
	bool set_again;
};

static struct event_base *base;
static struct deadlines *deadlines;

static void on_passed(struct deadline *deadline)
{
	struct timed *timed = container_of(deadline, struct timed, deadline);

	timed->passed++;
	ck_assert_int_eq(deadline->at_us, DEADLINE_NEVER);
	if (timed->remove != NULL)
		deadline_remove(deadlines, &timed->remove->deadline);
	timed->remove = NULL;
	if (timed->set_again)
		deadline_set(deadline, clock_us() + 1000);
}

/* The clock that deadlines look at stands still; libevent's own goes on and brings the ticks. */
static void tick(void)
{
	event_base_loop(base, EVLOOP_ONCE);
}

static void make(void)
{
	clock_fake(1000000);
	base = event_base_new();
	deadlines = deadlines_new(base, 40);
}

static void clear(void)
{
	deadlines_free(deadlines);
	event_base_free(base);
	clock_fake(-1);
}

START_TEST(at_its_time_and_once)
{
	struct timed timed = {0};

	deadline_add(deadlines, &timed.deadline, on_passed);
	tick();
	ck_assert_int_eq(timed.passed, 0);
	deadline_set(&timed.deadline, 1000001);
	tick();
	ck_assert_int_eq(timed.passed, 0);
	clock_fake(1000001);
	tick();
	tick();
	ck_assert_int_eq(timed.passed, 1);
	deadline_set(&timed.deadline, 1);
	deadline_clear(&timed.deadline);
	tick();
	ck_assert_int_eq(timed.passed, 1);
	timed.set_again = true;
	deadline_set(&timed.deadline, 1);
	tick();
	ck_assert_int_eq(timed.passed, 2);
	clock_fake(1002001);
	tick();
	ck_assert_int_eq(timed.passed, 3);
	deadline_remove(deadlines, &timed.deadline);
}
END_TEST

/* 0 removes itself, 1 the next one, 4 the one before. */
START_TEST(removed_while_walked)
{
	struct timed timed[6];

	memset(timed, 0, sizeof(timed));
	for (int i = 0; i < 6; i++) {
		deadline_add(deadlines, &timed[i].deadline, on_passed);
		deadline_set(&timed[i].deadline, 1);
	}
	timed[0].remove = &timed[0];
	timed[1].remove = &timed[2];
	timed[4].remove = &timed[3];
	tick();
	static const int expected[] = {1, 1, 0, 1, 1, 1};
	for (int i = 0; i < 6; i++)
		ck_assert_int_eq(timed[i].passed, expected[i]);
	deadline_remove(deadlines, &timed[1].deadline);
	deadline_remove(deadlines, &timed[4].deadline);
	deadline_remove(deadlines, &timed[5].deadline);
	tick();
}
END_TEST

/* A long list is walked in more than one turn, and whole. */
START_TEST(many)
{
	static struct timed timed[MANY];

	memset(timed, 0, sizeof(timed));
	for (int i = 0; i < MANY; i++) {
		deadline_add(deadlines, &timed[i].deadline, on_passed);
		deadline_set(&timed[i].deadline, 1);
	}
	tick();
	ck_assert_int_eq(timed[0].passed, 1);
	ck_assert_int_eq(timed[MANY - 1].passed, 0);
	for (int i = 0; i < MANY; i++)
		if (timed[i].passed == 0) { /* the cursor stands here: it must move on */
			deadline_remove(deadlines, &timed[i].deadline);
			break;
		}
	for (int turns = 0; turns < 100 && timed[MANY - 1].passed == 0; turns++)
		tick();
	int passed = 0;
	for (int i = 0; i < MANY; i++)
		passed += timed[i].passed;
	ck_assert_int_eq(passed, MANY - 1);
}
END_TEST

UNIT_MAIN_WITH("deadline", make, clear, at_its_time_and_once, removed_while_walked, many)
