/* thread: a thread beside the loop: how it begins, and how long its end is waited for.
 *
 * Signals are the loop's, which waits for them in its own way; a thread that took one would have it lost or the process ended.
 */
#pragma once

#include "common/err.h"

#include <pthread.h>
#include <stdbool.h>

/* Starts run(arg) with all signals blocked; the caller's own mask stays as it is. False: there is no thread; errno says why. The
 * caller ends it with thread_end, or waits for it with pthread_join. */
bool thread_start(pthread_t *thread, void *(*run)(void *), void *arg) MUST_CHECK;

/* Waits for 2 s at most until the thread, which was told before that it should end, has. False: it has not (a disk that does not
 * answer, say); what it uses must be left alone then, until the process ends. */
bool thread_end(pthread_t thread) MUST_CHECK;
