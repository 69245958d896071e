/* process_table: the processes of an engine.
 *
 * Invariant: each process in the list has a record in the directory, and the other way round, but for records that cannot be
 * read (process_load.c).
 */
#include "orchestrator/engine/process/process.h"
#include "orchestrator/engine/process/process_proc.h"

#include "common/log.h"
#include "common/mem.h"

#include <string.h>

struct process *process_new(struct process_engine *engine, const struct process_record *record)
{
	struct process *process = mem_zero(sizeof(*process));

	process->owner = engine;
	process->record = *record;
	process->pidfd = -1;
	TAILQ_INIT(&process->waits);
	TAILQ_INSERT_TAIL(&engine->processes, process, link);
	return process;
}

struct process *process_by_id(struct process_engine *engine, const char *id)
{
	struct process *process;

	TAILQ_FOREACH (process, &engine->processes, link)
		if (strcmp(process->record.container.id, id) == 0)
			return process;
	return NULL;
}

bool process_name_taken(const struct process_engine *engine, const char *name)
{
	const struct process *process;

	TAILQ_FOREACH (process, &engine->processes, link)
		if (strcmp(process->record.container.name, name) == 0)
			return true;
	return false;
}

bool process_save(struct process *process, struct err *err)
{
	return process_record_write(process->owner->dir, &process->record, err);
}

void process_save_or_say(struct process *process)
{
	struct err err;

	if (!process_save(process, &err))
		log_warn("event=record-not-written container=%.12s error=%s", process->record.container.id,
		         log_quote(err.message));
}

/* Whoever stopped it: a process that does not run because somebody else sent SIGSTOP is paused, too. */
enum engine_state process_state(const struct process *process)
{
	const struct process_record *record = &process->record;
	struct process_stat stat;

	if (record->container.state != ENGINE_RUNNING)
		return record->container.state;
	if (record->paused || (process_stat(record->pid, &stat) && (stat.state == 'T' || stat.state == 't')))
		return ENGINE_PAUSED;
	return ENGINE_RUNNING;
}

/* LISTEN begins with its port of 127.0.0.1 (see process_make.c). */
void process_address(const struct process *process, struct address *address)
{
	const struct process_record *record = &process->record;

	if (record->socket_dir[0] == '\0' || !socket_dir_address(record->socket_dir, address))
		(void)address_of_host("127.0.0.1", record->container.host_port, address);
}
