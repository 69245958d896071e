/* defer: once each, in order, later in the same turn, and never inside of one another. */
#include "orchestrator/base/defer.h"

#include "common/container_of.h"
#include "tests/unit/unit.h"

#include <event2/event.h>

#define MAX 8

struct job {
	struct deferred deferred;
	int number;
	struct job *again; /* queued while this one runs */
};

static struct defer *defer;
static int order[MAX], count, depth;

static void on_run(struct deferred *deferred)
{
	struct job *job = container_of(deferred, struct job, deferred);

	ck_assert_int_eq(depth++, 0);
	ck_assert_int_lt(count, MAX);
	order[count++] = job->number;
	struct job *again = job->again;
	job->again = NULL;
	if (again != NULL)
		defer_call(defer, &again->deferred);
	depth--;
}

START_TEST(in_order_and_once)
{
	struct event_base *base = event_base_new();
	struct job jobs[3] = {{.number = 0}, {.number = 1}, {.number = 2}};

	defer = defer_new(base);
	for (int i = 0; i < 3; i++)
		jobs[i].deferred.run = on_run;
	jobs[0].again = &jobs[0];
	jobs[1].again = &jobs[2];
	defer_call(defer, &jobs[1].deferred);
	defer_call(defer, &jobs[0].deferred);
	defer_call(defer, &jobs[1].deferred);
	ck_assert_int_eq(count, 0);
	event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	static const int expected[] = {1, 0, 2, 0};
	ck_assert_int_eq(count, 4);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(order[i], expected[i]);
	defer_call(defer, &jobs[2].deferred);
	event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	ck_assert_int_eq(count, 5);
	defer_call(defer, &jobs[1].deferred);
	defer_free(defer);
	ck_assert_int_eq(count, 6);
	event_base_free(base);
}
END_TEST

START_TEST(run_now_leaves_nothing_for_later)
{
	struct event_base *base = event_base_new();
	struct job job = {.number = 7, .deferred.run = on_run};

	defer = defer_new(base);
	defer_call(defer, &job.deferred);
	defer_run(defer);
	ck_assert_int_eq(count, 1);
	event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	ck_assert_int_eq(count, 1);
	defer_free(defer);
	event_base_free(base);
}
END_TEST

UNIT_MAIN("defer", in_order_and_once, run_now_leaves_nothing_for_later)
