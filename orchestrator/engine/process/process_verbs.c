/* process_verbs: the verbs of engine.h on plain child processes.
 *
 *   verb -> process_by_id -> what it does, at once -> answer (process_news tells it in the loop's next turn)
 *
 * Only stop and remove take time: they wait for an end (process_end.c). Invariant: the record on disk is changed
 * before an answer says that it was.
 */
#include "orchestrator/engine/process/process.h"
#include "orchestrator/engine/process/process_asker.h"
#include "orchestrator/engine/process/process_hunt.h"
#include "orchestrator/engine/process/process_log.h"
#include "orchestrator/engine/process/process_make.h"
#include "orchestrator/engine/process/process_proc.h"

#include "common/buf.h"
#include "common/dir.h"
#include "common/log.h"
#include "common/mem.h"

#include <assert.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
	const struct process_asker asker = {engine, "", done, arg};
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
	process_answer(&asker, dir_make(path, "state_dir", &err) ? ENGINE_OK : ENGINE_REFUSED, err.message);
}

static void list_one(const struct process *process, struct engine_container *to)
{
	const char *socket_dir = process->record.socket_dir;

	*to = process->record.container;
	snprintf(to->identity, sizeof(to->identity), "%s", to->id);
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
	const struct process_asker asker = {engine, record.container.id, done, arg};
	char data[PROCESS_PATH_SIZE], socket_dir[SOCKET_DIR_SIZE];
	struct err err;

	if (process_name_taken(engine, place->name)) {
		process_answer(&asker, ENGINE_NAME_TAKEN, "another process has this name");
		return;
	}
	data_dir(engine, spec->service, data);
	if (make_socket_dir(engine, spec, place, socket_dir, &err) &&
	    process_make_record(spec, place, data, socket_dir, &record, &err) &&
	    process_record_make(engine->dir, &record, &err)) {
		(void)process_new(engine, &record);
		process_answer(&asker, ENGINE_OK, "");
		return;
	}
	socket_dir_remove(socket_dir);
	process_record_clear(&record);
	record.container.id[0] = '\0';
	process_answer(&asker, ENGINE_REFUSED, err.message);
}

/* --- the end --------------------------------------------------------------------------------------------------- */

static void process_stop(struct engine *engine, const char *id, int grace_ms, engine_done *done, void *arg)
{
	const struct process_asker asker = PROCESS_ASKER;
	struct process *process = process_asked(&asker);

	assert(grace_ms >= 0);
	if (process != NULL)
		process_end(process, PROCESS_THEN_STAYS, grace_ms, done, arg);
}

static void process_remove(struct engine *engine, const char *id, engine_done *done, void *arg)
{
	const struct process_asker asker = PROCESS_ASKER;
	struct process *process = process_by_id(asker.engine, id);

	if (process == NULL)
		process_answer(&asker, ENGINE_OK, "");
	else
		process_end(process, PROCESS_THEN_GOES, 0, done, arg);
}

/* --- what only changes something ------------------------------------------------------------------------------- */

static void process_rename(struct engine *engine, const char *id, const char *name, engine_done *done, void *arg)
{
	const struct process_asker asker = PROCESS_ASKER;
	struct process *process = process_asked(&asker);
	struct err err = {.message = ""};
	char before[ENGINE_NAME_SIZE];
	bool ok;

	if (process == NULL)
		return;
	if (process_name_taken(asker.engine, name)) {
		process_answer(&asker, ENGINE_NAME_TAKEN, "another process has this name");
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
	process_answer(&asker, ok ? ENGINE_OK : ENGINE_REFUSED, err.message);
}

static void process_set_paused(const struct process_asker *asker, bool paused)
{
	struct process *process = process_asked(asker);
	enum engine_state state;

	if (process == NULL)
		return;
	state = process_state(process);
	if (paused && process->record.paused) {
		process_answer(asker, ENGINE_OK, "");
		return;
	}
	if (state != ENGINE_RUNNING && state != ENGINE_PAUSED) {
		process_answer(asker, ENGINE_REFUSED, "it is not running");
		return;
	}
	if (!paused && state != ENGINE_PAUSED) {
		process_answer(asker, ENGINE_REFUSED, "it is not paused");
		return;
	}
	process->record.paused = paused;
	process_signal(process, paused ? SIGSTOP : SIGCONT);
	process_save_or_say(process);
	process_news_event(asker->engine->news, paused ? ENGINE_EVENT_PAUSE : ENGINE_EVENT_UNPAUSE, asker->id, 0);
	process_answer(asker, ENGINE_OK, "");
}

static void process_pause(struct engine *engine, const char *id, engine_done *done, void *arg)
{
	process_set_paused(&PROCESS_ASKER, true);
}

static void process_unpause(struct engine *engine, const char *id, engine_done *done, void *arg)
{
	process_set_paused(&PROCESS_ASKER, false);
}

/* --- what only looks ------------------------------------------------------------------------------------------- */

static void process_inspect(struct engine *engine, const char *id, engine_done *done, void *arg)
{
	const struct process_asker asker = PROCESS_ASKER;
	const struct process *process = process_asked(&asker);
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
	const struct process_asker asker = PROCESS_ASKER;
	const struct process *process = process_asked(&asker);
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

/* --- the engine's end ------------------------------------------------------------------------------------------ */

/* What ends is the watching: the processes live on for the next engine. */
static void process_engine_free(struct engine *base)
{
	struct process_engine *engine = (struct process_engine *)base;

	while (!TAILQ_EMPTY(&engine->processes))
		process_free(TAILQ_FIRST(&engine->processes));
	process_hunt_free(engine->hunt);
	process_news_free(engine->news);
	event_free(engine->log_timer);
	process_cgroup_remove(&engine->cgroup, NULL);
	if (engine->lock != -1)
		close(engine->lock);
	free(engine->dir);
	free(engine->socket_dir);
	free(engine->state_dir);
	free(engine);
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
