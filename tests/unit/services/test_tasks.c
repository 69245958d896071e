/* Threads beside the loop: everything added is run once and handed back once, the queue is bounded, batches are. */
#include "services/tasks.h"

#include "tests/unit/unit.h"

#include <event2/event.h>
#include <stdatomic.h>
#include <string.h>

#define MANY 1000
#define HEAVY 25 /* a batch's weight */

struct numbered {
	struct task task;
	int ran;
};

static struct event_base *base;
static struct tasks *tasks;
static struct numbered numbered[MANY];
static _Atomic size_t largest_batch;
static _Atomic bool gate_open, more_wanted, entered;
static int done_count, stop_at;

static void on_run(struct task *first, void *worker)
{
	size_t count = 0;

	(void)worker;
	entered = true;
	while (!gate_open)
		continue;
	if (more_wanted)
		tasks_take_more(tasks, first);
	for (struct task *task = first; task != NULL; task = task->next, count++)
		((struct numbered *)task)->ran++;
	if (count > largest_batch)
		largest_batch = count;
}

static void on_done(struct task *task)
{
	ck_assert_int_eq(((struct numbered *)task)->ran, 1);
	if (++done_count == stop_at)
		event_base_loopbreak(base);
}

static void set_up(unsigned threads, size_t limit, size_t batch)
{
	struct tasks_options options = {.name = "test",
	                                .threads = threads,
	                                .limit = limit,
	                                .batch = batch,
	                                .batch_weight = HEAVY,
	                                .run = on_run};

	memset(numbered, 0, sizeof(numbered));
	largest_batch = 0;
	done_count = 0;
	gate_open = true;
	more_wanted = false;
	entered = false;
	base = event_base_new();
	tasks = tasks_new(base, &options);
}

static bool add(int i)
{
	numbered[i].task.done = on_done;
	return tasks_add(tasks, &numbered[i].task);
}

START_TEST(all_are_run_once)
{
	set_up(4, MANY, 7);
	for (int i = 0; i < MANY; i++)
		ck_assert(add(i));
	stop_at = MANY;
	event_base_dispatch(base);
	ck_assert_int_eq(done_count, MANY);
	ck_assert_uint_le(largest_batch, 7);
	tasks_free(tasks);
	event_base_free(base);
}
END_TEST

START_TEST(waiting_ones_form_a_batch)
{
	set_up(1, MANY, 100);
	gate_open = false;
	for (int i = 0; i < 50; i++)
		ck_assert(add(i));
	gate_open = true;
	stop_at = 50;
	event_base_dispatch(base);
	ck_assert_uint_ge(largest_batch, 25);
	tasks_free(tasks);
	event_base_free(base);
}
END_TEST

static void add_behind_the_gate(size_t batch, size_t weight)
{
	set_up(1, MANY, batch);
	gate_open = false;
	more_wanted = true;
	for (int i = 0; i < 50; i++) {
		numbered[i].task.weight = weight;
		ck_assert(add(i));
		event_base_loop(base, EVLOOP_NONBLOCK);
		while (!entered) /* the thread takes the first one, and is held up */
			continue;
	}
	gate_open = true;
	stop_at = 50;
	event_base_dispatch(base);
	tasks_free(tasks);
	event_base_free(base);
}

START_TEST(what_comes_meanwhile_is_taken)
{
	add_behind_the_gate(100, 0);
	ck_assert_uint_eq(largest_batch, 50);
	add_behind_the_gate(7, 0);
	ck_assert_uint_eq(largest_batch, 7);
	add_behind_the_gate(100, 10);
	ck_assert_uint_eq(largest_batch, 3);
}
END_TEST

START_TEST(heavy_ones_form_smaller_batches)
{
	set_up(1, MANY, 100);
	gate_open = false;
	for (int i = 0; i < 50; i++) {
		numbered[i].task.weight = 10;
		ck_assert(add(i));
	}
	gate_open = true;
	stop_at = 50;
	event_base_dispatch(base);
	ck_assert_uint_eq(largest_batch, 3); /* the third one makes 30 of HEAVY */
	tasks_free(tasks);
	event_base_free(base);
}
END_TEST

START_TEST(one_that_is_too_heavy_is_run_alone)
{
	set_up(1, MANY, 100);
	gate_open = false;
	for (int i = 0; i < 5; i++) {
		numbered[i].task.weight = SIZE_MAX / 2;
		ck_assert(add(i));
	}
	gate_open = true;
	stop_at = 5;
	event_base_dispatch(base);
	ck_assert_uint_eq(largest_batch, 1);
	tasks_free(tasks);
	event_base_free(base);
}
END_TEST

START_TEST(the_queue_is_bounded)
{
	int added = 0;

	set_up(1, 10, 1);
	gate_open = false;
	for (int i = 0; i < 20; i++)
		added += add(i);
	ck_assert(added == 10 || added == 11); /* one may be in the thread's hands */
	gate_open = true;
	tasks_free(tasks);
	ck_assert_int_eq(done_count, added);
	event_base_free(base);
}
END_TEST

START_TEST(freeing_runs_what_is_queued)
{
	set_up(2, MANY, 3);
	for (int i = 0; i < 100; i++)
		ck_assert(add(i));
	tasks_free(tasks);
	ck_assert_int_eq(done_count, 100);
	event_base_free(base);
}
END_TEST

UNIT_MAIN("tasks", all_are_run_once, waiting_ones_form_a_batch, what_comes_meanwhile_is_taken,
          heavy_ones_form_smaller_batches, one_that_is_too_heavy_is_run_alone, the_queue_is_bounded,
          freeing_runs_what_is_queued)
