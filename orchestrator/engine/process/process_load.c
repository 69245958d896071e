/* process_load: how a new engine takes over those of an earlier one.
 *
 *   record says      and                                         then
 *   created          nothing was being started                   created
 *   created          a process with its id in the environment    running: the engine was killed just after the start
 *   running          the same boot, pid and start time           running, watched
 *   running          anything else                               exited, code unknown
 *
 * Invariant: each process in the list has a record in the directory, and the other way round, but for records that
 * cannot be read: those are told and left for a person to look at.
 */
#include "orchestrator/engine/process/process.h"
#include "orchestrator/engine/process/process_proc.h"

#include "common/log.h"
#include "common/start_wait.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#define FIND_TIMES 20 /* of start_wait */

/* A process that was only just started is for a moment not yet its own program, and has not got its environment. */
static pid_t find_again(const char *id)
{
	pid_t pid = process_find(id);
	unsigned tries = 0;

	while (pid == 0 && tries < FIND_TIMES && start_wait(&tries))
		pid = process_find(id);
	return pid;
}

static void find_started(struct process *process)
{
	struct process_record *record = &process->record;
	struct process_stat stat;

	record->starting = false;
	record->pid = find_again(record->container.id);
	if (record->pid == 0 || !process_stat(record->pid, &stat))
		return;
	record->start_ticks = stat.start_ticks;
	memcpy(record->boot, process->owner->boot, sizeof(record->boot));
	record->container.state = ENGINE_RUNNING;
}

static bool take_over(struct process *process, struct err *err)
{
	struct process_record *record = &process->record;

	if (record->starting) {
		find_started(process);
		if (!process_save(process, err))
			return false;
	}
	if (record->container.state != ENGINE_RUNNING || process_watch(process, err))
		return true;
	if (err->code != ESRCH)
		return false;
	record->container.state = ENGINE_EXITED;
	record->paused = false;
	record->exit_code = -1;
	return process_save(process, err);
}

static bool load_one(struct process_engine *engine, const char *id, struct err *err)
{
	struct process_record record;

	if (process_record_read(engine->dir, id, &record, err))
		return take_over(process_new(engine, &record), err);
	if (err->code == ENOENT) /* an earlier engine ended while it made or removed this one */
		return process_record_remove(engine->dir, id, err);
	log_error("event=record-not-read container=%.12s error=%s", id, log_quote(err->message));
	return true;
}

static bool is_used(const char *dir, const void *arg)
{
	const struct process_engine *engine = arg;
	const struct process *process;

	TAILQ_FOREACH (process, &engine->processes, link)
		if (strcmp(process->record.socket_dir, dir) == 0)
			return true;
	return false;
}

bool process_load(struct process_engine *engine, struct err *err)
{
	DIR *dir = opendir(engine->dir);
	const struct dirent *entry;
	bool ok = true;

	if (dir == NULL)
		return err_set_errno(err, errno, "cannot read directory %s", engine->dir);
	while (ok && (entry = readdir(dir)) != NULL)
		ok = !process_is_id(entry->d_name) || load_one(engine, entry->d_name, err);
	closedir(dir);
	if (ok)
		socket_dirs_sweep(engine->socket_dir, is_used, engine);
	return ok;
}
