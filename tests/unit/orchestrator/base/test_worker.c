/* Jobs are done on another thread, one after the other, and told on the loop; what was given is done before the end. */
#include "common/clock.h"
#include "common/container_of.h"
#include "common/log.h"
#include "orchestrator/base/worker.h"
#include "tests/unit/unit.h"

#include <event2/event.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <time.h>

#define JOBS 50

struct job {
	struct worker_job job;
	int number, *order, *count;
	pthread_t by;
	bool told;
};

static struct event_base *base;
static struct worker *worker;
static struct job jobs[JOBS];
static int order[JOBS], count;

static void work(struct worker_job *job)
{
	struct job *mine = container_of(job, struct job, job);

	nanosleep(&(struct timespec){.tv_nsec = 500000}, NULL);
	mine->by = pthread_self();
	mine->order[(*mine->count)++] = mine->number;
}

static void done(struct worker_job *job)
{
	container_of(job, struct job, job)->told = true;
}

static void give(int number)
{
	jobs[number] =
	        (struct job){.job = {.work = work, .done = done}, .number = number, .order = order, .count = &count};
	worker_do(worker, &jobs[number].job);
}

static void set_up(void)
{
	log_set_level(LOG_ERROR);
	base = event_base_new();
	worker = worker_new(base);
	count = 0;
}

static void tear_down(void)
{
	ck_assert(worker_free(worker));
	event_base_free(base);
}

START_TEST(one_after_the_other)
{
	for (int i = 0; i < JOBS; i++)
		give(i);
	ck_assert(!jobs[0].told);
	for (int i = 0; i < 5000 && !jobs[JOBS - 1].told; i++)
		event_base_loop(base, EVLOOP_ONCE);
	for (int i = 0; i < JOBS; i++) {
		ck_assert(jobs[i].told);
		ck_assert_int_eq(order[i], i);
		ck_assert(!pthread_equal(jobs[i].by, pthread_self()));
	}
}
END_TEST

START_TEST(done_before_the_end)
{
	for (int i = 0; i < JOBS; i++)
		give(i);
	ck_assert(worker_free(worker));
	worker = NULL;
	for (int i = 0; i < JOBS; i++)
		ck_assert(jobs[i].told);
}
END_TEST

static sem_t answer, answered;

static void work_when_answered(struct worker_job *job)
{
	(void)job;
	sem_wait(&answer);
	sem_post(&answered);
}

/* What its thread still touches is left to it, wherever it has come to meanwhile. */
START_TEST(a_job_that_does_not_end)
{
	static struct worker *left;
	static struct job stuck = {.job = {.work = work_when_answered, .done = done}};

	sem_init(&answer, 0, 0);
	sem_init(&answered, 0, 0);
	left = worker;
	worker_do(left, &stuck.job);
	int64_t before_us = clock_us();
	ck_assert(!worker_free(left));
	ck_assert_int_lt(clock_us() - before_us, 10000000);
	sem_post(&answer);
	sem_wait(&answered);
	nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL); /* for what the thread does with it then */
	ck_assert(!stuck.told);
	worker = NULL;
}
END_TEST

/* No thread has room for such a stack. */
static void set_stacks(size_t bytes)
{
	pthread_attr_t attributes;

	ck_assert_int_eq(pthread_getattr_default_np(&attributes), 0);
	ck_assert_int_eq(pthread_attr_setstacksize(&attributes, bytes), 0);
	ck_assert_int_eq(pthread_setattr_default_np(&attributes), 0);
	pthread_attr_destroy(&attributes);
}

START_TEST(a_thread_that_cannot_be_had_at_first)
{
	set_stacks((size_t)1 << 50);
	give(0);
	for (int i = 0; i < 5; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	ck_assert(!jobs[0].told);
	set_stacks((size_t)1 << 23);
	for (int i = 0; i < 5000 && !jobs[0].told; i++)
		event_base_loop(base, EVLOOP_ONCE);
	ck_assert(jobs[0].told);
}
END_TEST

START_TEST(a_thread_that_cannot_be_had_at_all)
{
	set_stacks((size_t)1 << 50);
	give(0);
	ck_assert(worker_free(worker));
	ck_assert(jobs[0].told);
	worker = NULL;
}
END_TEST

START_TEST(without_a_job)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
}
END_TEST

UNIT_MAIN_WITH("worker", set_up, tear_down, one_after_the_other, done_before_the_end, a_job_that_does_not_end,
               a_thread_that_cannot_be_had_at_first, a_thread_that_cannot_be_had_at_all, without_a_job)
