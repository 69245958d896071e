/* process: the verbs of engine.h on plain child processes.
 *
 *   verb -> process_by_id -> what it does, at once -> answer (process_news tells it in the loop's next turn)
 *
 * Only stop and remove take time: they wait for an end (process_end.c). Invariant: the record on disk is changed
 * before an answer says that it was.
 */
#include "orchestrator/engine/process/process.h"

#include "common/buf.h"
#include "common/dir.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/engine/process/process_log.h"
#include "orchestrator/engine/process/process_make.h"
#include "orchestrator/engine/process/process_proc.h"
#include "orchestrator/engine/process/process_spawn.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Who is to be answered. */
struct asker {
	struct process_engine *engine;
	const char *id;
	engine_done *done;
	void *arg;
};

static void answer(const struct asker *asker, enum engine_fault fault, const char *message)
{
	struct engine_result result = {.fault = fault, .message = message, .id = asker->id};

	process_news_answer(asker->engine->news, &result, asker->done, asker->arg);
}

/* NULL: there is no such container, and that is answered. */
static struct process *find(const struct asker *asker)
{
	struct process *process = process_by_id(asker->engine, asker->id);

	if (process == NULL)
		answer(asker, ENGINE_NOT_FOUND, "no such process");
	return process;
}

static void save_or_say(struct process *process)
{
	struct err err;

	if (!process_save(process, &err))
		log_warn("event=record-not-written container=%.12s error=%s", process->record.container.id,
		         log_quote(err.message));
}

#define ASKER ((struct asker){(struct process_engine *)engine, id, done, arg})

/* --- prepare, list, create ------------------------------------------------------------------------------------- */

static void data_dir(const struct process_engine *engine, const char *service, char path[PROCESS_PATH_SIZE])
{
	snprintf(path, PROCESS_PATH_SIZE, "%s/%s", engine->state_dir, service);
}

/* What a service is not given as it may expect it. */
static void say(const char *service, const char *key, const char *what)
{
	log_warn("event=engine-process service=%s key=%s error=%s", service, key, log_quote(what));
}

static void process_prepare(struct engine *base, const struct engine_spec *spec, engine_done *done, void *arg)
{
	struct process_engine *engine = (struct process_engine *)base;
	const struct asker asker = {engine, "", done, arg};
	char path[PROCESS_PATH_SIZE];
	struct err err = {.message = ""};

	if (spec->cpus > 0 && !process_cgroup_open(&engine->cgroup, &err)) {
		err_prefix(&err, "not limited");
		say(spec->service, "cpus", err.message);
		err.message[0] = '\0';
	}
	if (spec->memory_mb > 0)
		say(spec->service, "memory_mb", "limits the address space (RLIMIT_AS)");
	if (spec->volumes != NULL && spec->volumes->count > 0)
		say(spec->service, "volumes", "not mounted: data goes to DATA_DIR");
	data_dir(engine, spec->service, path);
	answer(&asker, dir_make(path, "state_dir", &err) ? ENGINE_OK : ENGINE_REFUSED, err.message);
}

static void list_one(const struct process *process, struct engine_container *to)
{
	const char *socket_dir = process->record.socket_dir;

	*to = process->record.container;
	to->state = process_state(process);
	process_address(process, &to->address);
	to->spoilt = socket_dir[0] != '\0' && !socket_dir_usable(socket_dir);
	if (to->state == ENGINE_RUNNING)
		to->running_ms = process_age_ms(process->record.start_ticks);
}

static void process_list(struct engine *base, engine_done *done, void *arg)
{
	struct process_engine *engine = (struct process_engine *)base;
	struct engine_result result = {.fault = ENGINE_OK, .message = "", .id = ""};
	struct engine_container *containers = NULL;
	const struct process *process;

	TAILQ_FOREACH (process, &engine->processes, link) {
		containers = mem_array(containers, result.count + 1, sizeof(*containers));
		list_one(process, &containers[result.count++]);
	}
	result.containers = containers;
	process_news_answer(engine->news, &result, done, arg);
	free(containers);
}

/* socket_dir: "" where it needs none. */
static bool make_socket_dir(const struct process_engine *engine, const struct engine_spec *spec,
                            const struct engine_place *place, char socket_dir[SOCKET_DIR_SIZE], struct err *err)
{
	socket_dir[0] = '\0';
	return spec->reach != REACH_SOCKET ||
	       socket_dir_make(engine->socket_dir, spec->service, place->slot, socket_dir, err);
}

static void process_create(struct engine *base, const struct engine_spec *spec, const struct engine_place *place,
                           engine_done *done, void *arg)
{
	struct process_engine *engine = (struct process_engine *)base;
	struct process_record record = {0};
	const struct asker asker = {engine, record.container.id, done, arg};
	char data[PROCESS_PATH_SIZE], socket_dir[SOCKET_DIR_SIZE];
	struct err err;

	if (process_name_taken(engine, place->name)) {
		answer(&asker, ENGINE_NAME_TAKEN, "another process has this name");
		return;
	}
	data_dir(engine, spec->service, data);
	if (make_socket_dir(engine, spec, place, socket_dir, &err) &&
	    process_make_record(spec, place, data, socket_dir, &record, &err) &&
	    process_record_make(engine->dir, &record, &err)) {
		(void)process_new(engine, &record);
		answer(&asker, ENGINE_OK, "");
		return;
	}
	socket_dir_remove(socket_dir);
	process_record_clear(&record);
	record.container.id[0] = '\0';
	answer(&asker, ENGINE_REFUSED, err.message);
}

/* --- start ----------------------------------------------------------------------------------------------------- */

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

static void answer_started(const struct asker *asker, const struct process *process)
{
	struct engine_result result = {.fault = ENGINE_OK, .message = "", .id = asker->id};

	process_address(process, &result.address);
	process_news_answer(asker->engine->news, &result, asker->done, asker->arg);
}

static void process_start(struct engine *engine, const struct engine_spec *spec, const struct engine_place *place,
                          const char *id, engine_done *done, void *arg)
{
	const struct asker asker = ASKER;
	struct process *process = find(&asker);
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
		answer(&asker, ENGINE_PORT_TAKEN, "what its last process left behind is being ended");
		return;
	}
	if (process_port_taken(process->record.container.host_port)) {
		err_set(&err, "port %d of 127.0.0.1 is in use", process->record.container.host_port);
		answer(&asker, ENGINE_PORT_TAKEN, err.message);
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
	save_or_say(process); /* if not, the next engine looks for a process and finds none */
	answer(&asker, fault, err.message);
}

/* --- the end --------------------------------------------------------------------------------------------------- */

static void process_stop(struct engine *engine, const char *id, int grace_ms, engine_done *done, void *arg)
{
	const struct asker asker = ASKER;
	struct process *process = find(&asker);

	assert(grace_ms >= 0);
	if (process != NULL)
		process_end(process, PROCESS_THEN_STAYS, grace_ms, done, arg);
}

static void process_remove(struct engine *engine, const char *id, engine_done *done, void *arg)
{
	const struct asker asker = ASKER;
	struct process *process = process_by_id(asker.engine, id);

	if (process == NULL)
		answer(&asker, ENGINE_OK, "");
	else
		process_end(process, PROCESS_THEN_GOES, 0, done, arg);
}

/* --- what only changes something ------------------------------------------------------------------------------- */

static void process_rename(struct engine *engine, const char *id, const char *name, engine_done *done, void *arg)
{
	const struct asker asker = ASKER;
	struct process *process = find(&asker);
	struct err err = {.message = ""};
	char before[ENGINE_NAME_SIZE];
	bool ok;

	if (process == NULL)
		return;
	if (process_name_taken(asker.engine, name)) {
		answer(&asker, ENGINE_NAME_TAKEN, "another process has this name");
		return;
	}
	memcpy(before, process->record.container.name, sizeof(before));
	ok = strlen(name) < sizeof(before) || err_set(&err, "name %s is too long", name);
	if (ok) {
		snprintf(process->record.container.name, sizeof(before), "%s", name);
		ok = process_save(process, &err);
	}
	if (!ok)
		memcpy(process->record.container.name, before, sizeof(before));
	answer(&asker, ok ? ENGINE_OK : ENGINE_REFUSED, err.message);
}

static void process_set_paused(const struct asker *asker, bool paused)
{
	struct process *process = find(asker);
	enum engine_state state;

	if (process == NULL)
		return;
	state = process_state(process);
	if (paused && process->record.paused) {
		answer(asker, ENGINE_OK, "");
		return;
	}
	if (state != ENGINE_RUNNING && state != ENGINE_PAUSED) {
		answer(asker, ENGINE_REFUSED, "it is not running");
		return;
	}
	if (!paused && state != ENGINE_PAUSED) {
		answer(asker, ENGINE_REFUSED, "it is not paused");
		return;
	}
	process->record.paused = paused;
	process_signal(process, paused ? SIGSTOP : SIGCONT);
	save_or_say(process);
	process_news_event(asker->engine->news, paused ? ENGINE_EVENT_PAUSE : ENGINE_EVENT_UNPAUSE, asker->id, 0);
	answer(asker, ENGINE_OK, "");
}

static void process_pause(struct engine *engine, const char *id, engine_done *done, void *arg)
{
	process_set_paused(&ASKER, true);
}

static void process_unpause(struct engine *engine, const char *id, engine_done *done, void *arg)
{
	process_set_paused(&ASKER, false);
}

/* --- what only looks ------------------------------------------------------------------------------------------- */

static void process_inspect(struct engine *engine, const char *id, engine_done *done, void *arg)
{
	const struct asker asker = ASKER;
	const struct process *process = find(&asker);
	struct engine_result result = {.fault = ENGINE_OK, .message = "", .id = id};

	if (process == NULL)
		return;
	result.state = process_state(process);
	result.exit_code = process->record.container.state == ENGINE_EXITED ? process->record.exit_code : 0;
	if (process->record.container.state == ENGINE_RUNNING)
		process_address(process, &result.address);
	process_news_answer(asker.engine->news, &result, done, arg);
}

static void process_logs(struct engine *engine, const char *id, int lines, engine_done *done, void *arg)
{
	const struct asker asker = ASKER;
	const struct process *process = find(&asker);
	struct engine_result result = {.fault = ENGINE_OK, .message = "", .id = id};
	struct buf text;

	assert(lines > 0);
	if (process == NULL)
		return;
	buf_init(&text, 3 * PROCESS_LOG_KEPT);
	process_log_tail(asker.engine->dir, id, lines, &text);
	result.text = buf_text(&text);
	result.text_len = text.len;
	process_news_answer(asker.engine->news, &result, done, arg);
	buf_clear(&text);
}

const struct engine_verbs process_verbs = {
        .prepare = process_prepare,
        .list = process_list,
        .create = process_create,
        .start = process_start,
        .stop = process_stop,
        .remove = process_remove,
        .rename = process_rename,
        .pause = process_pause,
        .unpause = process_unpause,
        .inspect = process_inspect,
        .logs = process_logs,
        .free = process_engine_free,
};
