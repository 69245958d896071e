/* thread: what is done the same way for each thread. */
#include "common/thread.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#define END_S 2

bool thread_start(pthread_t *thread, void *(*run)(void *), void *arg)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int problem = pthread_create(thread, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = problem;
	return problem == 0;
}

bool thread_end(pthread_t thread)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until); /* the clock that it goes by */
	until.tv_sec += END_S;
	return pthread_timedjoin_np(thread, NULL, &until) == 0;
}
