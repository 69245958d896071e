/* process_start: the verb start.
 *
 *   CREATED, EXITED --record says "starting"--> a process --watched, and its record says so--> RUNNING, and the address
 *                                           --either failed--> it is killed, and nothing has been started
 *
 * Invariant: no process of ours is ever without a trace on disk.
 */
#include "orchestrator/engine/process/process.h"
#include "orchestrator/engine/process/process_asker.h"
#include "orchestrator/engine/process/process_log.h"
#include "orchestrator/engine/process/process_proc.h"
#include "orchestrator/engine/process/process_spawn.h"

#include "common/log.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* It runs: from here on it is watched and can be found again, or it does not run. */
static enum engine_fault started(struct process *process, struct err *err)
{
	struct process_record *record = &process->record;
	struct process_stat stat;

	record->start_ticks = process_stat(record->pid, &stat) ? stat.start_ticks : 0; /* process_watch looks again */
	memcpy(record->boot, process->owner->boot, sizeof(record->boot));
	record->container.state = ENGINE_RUNNING;
	record->starting = false;
	record->paused = false;
	if (!process_watch(process, err))
		return ENGINE_REFUSED;
	return process_save(process, err) ? ENGINE_OK : ENGINE_REFUSED;
}

/* NULL: none, and why is in the log. */
static const char *cgroup_of(const struct process *process, char procs[PROCESS_CGROUP_PATH_SIZE])
{
	const struct process_record *record = &process->record;
	const struct process_cgroup *cgroup = &process->owner->cgroup;
	struct err err;

	if (record->cpu_quota_us == 0)
		return NULL;
	if (process_cgroup_make(cgroup, record->container.id, record->cpu_quota_us, procs, &err))
		return procs;
	log_warn("event=limit-not-applied key=cpus container=%.12s error=%s", record->container.id,
	         log_quote(err.message));
	return NULL;
}

/* Our child, and not waited for: the pid is still its own. It has just begun, so it is gone within the same moment; if it may
 * not be killed, or takes longer, it is left to our own end. */
static void end_unwatched(pid_t pid)
{
	const struct timespec moment = {.tv_nsec = 100000};

	if (kill(-pid, SIGKILL) == -1)
		return;
	for (int i = 0; i < 5 && waitpid(pid, NULL, WNOHANG) == 0; i++)
		nanosleep(&moment, NULL);
}

static enum engine_fault run(struct process *process, struct err *err)
{
	struct process_record *record = &process->record;
	char procs[PROCESS_CGROUP_PATH_SIZE];
	int log_fd = process_log_open(process->owner->dir, record->container.id, err);
	enum engine_fault fault = ENGINE_REFUSED;

	record->starting = true; /* written down first: no process of ours is ever without a trace */
	if (log_fd != -1 && process_save(process, err))
		fault = process_spawn(record, cgroup_of(process, procs), log_fd, &record->pid, err);
	if (log_fd != -1)
		close(log_fd);
	if (fault != ENGINE_OK)
		return fault;
	fault = started(process, err);
	if (fault != ENGINE_OK && process->pidfd != -1)
		process_signal(process, SIGKILL); /* its end is seen as any other */
	else if (fault != ENGINE_OK)
		end_unwatched(record->pid);
	return fault;
}

static void answer_started(const struct process_asker *asker, const struct process *process)
{
	struct engine_result result = {.fault = ENGINE_OK, .message = "", .id = asker->id, .identity = asker->id};

	process_address(process, &result.address);
	process_news_answer(asker->engine->news, &result, asker->done, asker->arg);
}

void process_start(struct engine *engine, const struct engine_spec *spec, const struct engine_place *place,
                   const char *id, engine_done *done, void *arg)
{
	const struct process_asker asker = PROCESS_ASKER;
	struct process *process = process_asked(&asker);
	struct err err = {.message = ""};
	enum engine_state before;
	enum engine_fault fault;

	(void)spec;
	(void)place; /* the record has all of it */
	if (process == NULL)
		return;
	before = process->record.container.state;
	if (before == ENGINE_RUNNING) {
		answer_started(&asker, process);
		return;
	}
	if (process->hunt != HUNT_NO) {
		process_answer(&asker, ENGINE_PORT_TAKEN, "what its last process left behind is being ended");
		return;
	}
	if (process_port_taken(process->record.container.host_port)) {
		err_set(&err, "port %d of 127.0.0.1 is in use", process->record.container.host_port);
		process_answer(&asker, ENGINE_PORT_TAKEN, err.message);
		return;
	}
	fault = run(process, &err);
	if (fault == ENGINE_OK) {
		process_news_event(asker.engine->news, ENGINE_EVENT_START, id, 0);
		answer_started(&asker, process);
		return;
	}
	if (process->pidfd == -1)
		process->record.container.state = before;
	process->record.starting = false;
	process_save_or_say(process); /* if not, the next engine looks for a process and finds none */
	process_answer(&asker, fault, err.message);
}
