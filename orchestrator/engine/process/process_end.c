/* process_end: bringing a process to its end, for those who wait for it.
 *
 *   SIGTERM --grace_ms--> SIGKILL --KILL_PATIENCE_MS--> ENGINE_TIMEOUT      (the end may come at any time)
 *
 * Invariant: a wait is answered exactly once, by the end or by its last timer, and is then freed. Each has its own
 * timer: a removal does not wait for the grace of a stop.
 */
#include "orchestrator/engine/process/process.h"

#include "common/clock.h"
#include "common/mem.h"
#include "orchestrator/base/loop.h"

#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>

#define KILL_PATIENCE_MS 10000

struct process_wait {
	TAILQ_ENTRY(process_wait) link;
	struct process *process;
	enum process_then then;
	bool killed;
	struct event *timer;
	engine_done *done;
	void *arg;
};

static void wait_free(struct process_wait *wait)
{
	TAILQ_REMOVE(&wait->process->waits, wait, link);
	if (wait->timer != NULL)
		event_free(wait->timer);
	free(wait);
}

static void wait_answer(struct process_wait *wait, enum engine_fault fault, const char *message)
{
	struct process *process = wait->process;
	struct engine_result result = {.fault = fault, .message = message, .id = process->record.container.id};

	process_news_answer(process->owner->news, &result, wait->done, wait->arg);
	wait_free(wait);
}

static void wait_for(struct process_wait *wait, int64_t ms)
{
	struct timeval most = clock_timeval(ms * 1000);

	event_add(wait->timer, &most);
}

static void wait_kill(struct process_wait *wait)
{
	wait->killed = true;
	process_signal(wait->process, SIGKILL);
	wait_for(wait, KILL_PATIENCE_MS);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct process_wait *wait = arg;

	(void)fd;
	(void)what;
	if (wait->killed)
		wait_answer(wait, ENGINE_TIMEOUT, "the process does not end, though it was killed");
	else
		wait_kill(wait);
}

/* A paused one must go on to see the signal. */
static void wait_terminate(struct process_wait *wait, int grace_ms)
{
	process_signal(wait->process, SIGTERM);
	process_signal(wait->process, SIGCONT);
	wait_for(wait, grace_ms);
}

static void forget_waits(struct process *process)
{
	struct process_wait *wait = TAILQ_FIRST(&process->waits);

	while (wait != NULL) {
		struct process_wait *next = TAILQ_NEXT(wait, link);
		wait_free(wait);
		wait = next;
	}
}

void process_free(struct process *process)
{
	forget_waits(process);
	process_unwatch(process);
	TAILQ_REMOVE(&process->owner->processes, process, link);
	process_record_clear(&process->record);
	free(process);
}

/* Its record goes. May be refused by the file system: then it stays, and the removal can be asked for again. */
static bool forget(struct process *process, struct err *err)
{
	if (!process_record_remove(process->owner->dir, process->record.container.id, err))
		return false;
	socket_dir_remove(process->record.socket_dir);
	process_cgroup_remove(&process->owner->cgroup, process->record.container.id);
	process_news_event(process->owner->news, ENGINE_EVENT_DESTROY, process->record.container.id, 0);
	return true;
}

void process_has_ended(struct process *process)
{
	struct err err = {.message = ""};
	struct process_wait *wait, *next;
	bool goes = false;
	bool gone;

	TAILQ_FOREACH (wait, &process->waits, link)
		goes |= wait->then == PROCESS_THEN_GOES;
	gone = goes && forget(process, &err);
	for (wait = TAILQ_FIRST(&process->waits); wait != NULL; wait = next) {
		bool kept = wait->then == PROCESS_THEN_GOES && !gone;

		next = TAILQ_NEXT(wait, link);
		wait_answer(wait, kept ? ENGINE_REFUSED : ENGINE_OK, kept ? err.message : "");
	}
	if (gone)
		process_free(process);
}

void process_end(struct process *process, enum process_then then, int grace_ms, engine_done *done, void *arg)
{
	struct process_wait *wait = mem_zero(sizeof(*wait));

	wait->process = process;
	wait->then = then;
	wait->done = done;
	wait->arg = arg;
	TAILQ_INSERT_TAIL(&process->waits, wait, link);
	if (process->hunt != HUNT_NO)
		return; /* process_has_ended comes */
	if (process->record.container.state != ENGINE_RUNNING) {
		process_has_ended(process);
		return;
	}
	wait->timer = loop_event_new(process->owner->base, LOOP_URGENT, -1, 0, on_timer, wait);
	if (grace_ms == 0)
		wait_kill(wait);
	else
		wait_terminate(wait, grace_ms);
}
