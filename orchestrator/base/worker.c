/* worker: two queues, the thread between them, and an event for what comes back.
 *
 *   worker_do -> waiting --thread: work--> finished -> bell -> on_bell -> done
 *
 * Invariant: both queues are touched under the lock only, and a job's work and done without it.
 */
#include "orchestrator/base/worker.h"

#include "common/log.h"
#include "common/mem.h"
#include "common/thread.h"
#include "orchestrator/base/backoff.h"
#include "orchestrator/base/loop.h"
#include "orchestrator/base/timer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

STAILQ_HEAD(jobs, worker_job);

struct worker {
	pthread_mutex_t lock;
	pthread_cond_t news;
	pthread_t thread;
	bool runs;             /* there is a thread */
	struct timer *starter; /* until there is one, which may take more than one try */
	struct backoff retry;
	bool closing; /* under the lock, as the next: */
	struct jobs waiting, finished;
	int bell;
	struct event *on_bell;
};

/* --- the thread ------------------------------------------------------------------------------------------------ */

static void ring(const struct worker *worker)
{
	static const uint64_t one = 1;

	(void)!write(worker->bell, &one, sizeof(one));
}

static void *run_worker(void *arg)
{
	struct worker *worker = arg;
	struct worker_job *job;

	pthread_mutex_lock(&worker->lock);
	while ((job = STAILQ_FIRST(&worker->waiting)) != NULL || !worker->closing) {
		if (job == NULL) {
			pthread_cond_wait(&worker->news, &worker->lock);
			continue;
		}
		STAILQ_REMOVE_HEAD(&worker->waiting, link);
		pthread_mutex_unlock(&worker->lock);
		job->work(job);
		pthread_mutex_lock(&worker->lock);
		STAILQ_INSERT_TAIL(&worker->finished, job, link);
		ring(worker);
	}
	pthread_mutex_unlock(&worker->lock);
	return NULL;
}

/* --- the loop's side ------------------------------------------------------------------------------------------- */

static struct worker_job *take_finished(struct worker *worker)
{
	pthread_mutex_lock(&worker->lock);
	struct worker_job *job = STAILQ_FIRST(&worker->finished);
	if (job != NULL)
		STAILQ_REMOVE_HEAD(&worker->finished, link);
	pthread_mutex_unlock(&worker->lock);
	return job;
}

static void tell_finished(struct worker *worker)
{
	struct worker_job *job;

	while ((job = take_finished(worker)) != NULL)
		job->done(job);
}

static void on_bell(evutil_socket_t fd, short what, void *arg)
{
	uint64_t rung;

	(void)what;
	(void)!read(fd, &rung, sizeof(rung));
	tell_finished(arg);
}

static void start_thread(void *arg)
{
	struct worker *worker = arg;

	if (worker->runs)
		return;
	worker->runs = thread_start(&worker->thread, run_worker, worker);
	if (worker->runs)
		return;
	if (worker->retry.level == 0)
		log_warn("event=no-thread error=%s remedy=\"let this user have more tasks: it is tried again\"",
		         log_quote(strerrordesc_np(errno)));
	timer_set(worker->starter, backoff_fail(&worker->retry, RETRY_THREAD));
}

struct worker *worker_new(struct event_base *base)
{
	struct worker *worker = mem_zero(sizeof(*worker));

	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->news, NULL);
	STAILQ_INIT(&worker->waiting);
	STAILQ_INIT(&worker->finished);
	worker->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (worker->bell == -1)
		log_error("event=no-eventfd error=%s", log_quote(strerrordesc_np(errno)));
	worker->on_bell = loop_event_new(base, LOOP_CLIENTS, worker->bell, EV_READ | EV_PERSIST, on_bell, worker);
	event_add(worker->on_bell, NULL);
	worker->starter = timer_new_of_clients(base, start_thread, worker);
	return worker;
}

void worker_do(struct worker *worker, struct worker_job *job)
{
	pthread_mutex_lock(&worker->lock);
	STAILQ_INSERT_TAIL(&worker->waiting, job, link);
	pthread_cond_signal(&worker->news);
	pthread_mutex_unlock(&worker->lock);
	if (backoff_due(&worker->retry))
		start_thread(worker);
}

/* Where no thread could be had this one does what waits: nothing comes behind it any more. */
static bool finish(struct worker *worker)
{
	pthread_mutex_lock(&worker->lock);
	worker->closing = true;
	pthread_cond_signal(&worker->news);
	pthread_mutex_unlock(&worker->lock);
	if (worker->runs)
		return thread_end(worker->thread);
	run_worker(worker);
	return true;
}

bool worker_free(struct worker *worker)
{
	if (worker == NULL)
		return true;
	event_free(worker->on_bell);
	timer_free(worker->starter);
	if (!finish(worker)) {
		mem_leave(worker);
		return false;
	}
	tell_finished(worker);
	close(worker->bell);
	pthread_cond_destroy(&worker->news);
	pthread_mutex_destroy(&worker->lock);
	free(worker);
	return true;
}
