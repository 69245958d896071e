/* A thread takes no signals, and its end is waited for, but not for long. */
#include "common/thread.h"

#include "common/clock.h"
#include "tests/unit/unit.h"

#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>

static void *tell_mask(void *mask)
{
	pthread_sigmask(SIG_SETMASK, NULL, mask);
	return NULL;
}

START_TEST(signals_are_not_its_own)
{
	static const int some[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD, SIGPIPE};
	sigset_t mask, before, after;
	pthread_t thread;

	sigemptyset(&mask);
	pthread_sigmask(SIG_SETMASK, NULL, &before);
	ck_assert(thread_start(&thread, tell_mask, &mask));
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	ck_assert(thread_end(thread));
	for (size_t i = 0; i < sizeof(some) / sizeof(*some); i++) {
		ck_assert_int_eq(sigismember(&mask, some[i]), 1);
		ck_assert_int_eq(sigismember(&after, some[i]), sigismember(&before, some[i]));
	}
}
END_TEST

static void *wait_for_leave(void *leave)
{
	sem_wait(leave);
	return NULL;
}

START_TEST(an_end_that_does_not_come_is_given_up)
{
	pthread_t thread;
	sem_t leave;

	sem_init(&leave, 0, 0);
	ck_assert(thread_start(&thread, wait_for_leave, &leave));
	int64_t before_us = clock_us();
	ck_assert(!thread_end(thread));
	ck_assert_int_ge(clock_us() - before_us, 1900000);
	sem_post(&leave);
	ck_assert(thread_end(thread));
	sem_destroy(&leave);
}
END_TEST

UNIT_MAIN("thread", signals_are_not_its_own, an_end_that_does_not_come_is_given_up)
