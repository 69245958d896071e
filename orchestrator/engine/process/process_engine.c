/* process_engine: the object: made, with its directory to itself, and freed.
 *
 * Freeing it ends nothing but the watching: the processes live on for the next engine.
 */
#include "orchestrator/engine/process/process_engine.h"
#include "orchestrator/engine/process/process.h"
#include "orchestrator/engine/process/process_hunt.h"
#include "orchestrator/engine/process/process_log.h"
#include "orchestrator/engine/process/process_proc.h"

#include "common/clock.h"
#include "common/dir.h"
#include "common/lock.h"
#include "common/mem.h"
#include "orchestrator/base/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATE_DIR_MAX 1024 /* leaves room for what is in it: PROCESS_PATH_SIZE */
#define LOG_BOUND_US 1000000

static void on_log_timer(evutil_socket_t fd, short what, void *arg)
{
	const struct process_engine *engine = arg;
	const struct process *process;

	(void)fd;
	(void)what;
	TAILQ_FOREACH (process, &engine->processes, link)
		if (process->record.container.state == ENGINE_RUNNING)
			process_log_bound(engine->dir, process->record.container.id);
}

/* Two engines in one directory would take each other's processes for their own. */
static bool lock_dir(struct process_engine *engine, struct err *err)
{
	engine->lock = open(engine->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (engine->lock == -1)
		return err_set_errno(err, errno, "cannot open %s", engine->dir);
	if (lock_take(engine->lock))
		return true;
	return err_set(err, "%s is in use by another orchestrator: give this one another name or state_dir",
	               engine->dir);
}

/* Whoever started us may have ignored it, and then no exit code would be kept for us. */
static void keep_exit_codes(void)
{
	struct sigaction action;

	if (sigaction(SIGCHLD, NULL, &action) != -1 && action.sa_handler == SIG_IGN)
		signal(SIGCHLD, SIG_DFL);
}

/* Of those that ended, or were not quite started, while nobody was there. */
static void sweep_cgroups(const struct process_engine *engine)
{
	const struct process *process;

	TAILQ_FOREACH (process, &engine->processes, link)
		if (process->record.container.state != ENGINE_RUNNING)
			process_cgroup_remove(&engine->cgroup, process->record.container.id);
}

bool process_engine_new(const struct engine_settings *settings, struct engine **engine, struct err *err)
{
	struct process_engine *made;

	if (strlen(settings->state_dir) > STATE_DIR_MAX)
		return err_set(err, "state_dir: longer than %d bytes", STATE_DIR_MAX);
	made = mem_zero(sizeof(*made));
	made->engine.verbs = &process_verbs;
	made->base = settings->base;
	made->state_dir = mem_dup(settings->state_dir);
	made->dir = mem_format("%s/process", settings->state_dir);
	made->socket_dir = mem_dup(settings->socket_dir);
	made->lock = -1;
	made->news = process_news_new(settings->base, &settings->observer);
	made->hunt = process_hunt_new(made);
	made->on_ended = process_hunt_begin;
	made->log_timer = loop_event_new(settings->base, LOOP_URGENT, -1, EV_PERSIST, on_log_timer, made);
	TAILQ_INIT(&made->processes);
	process_boot(made->boot);
	keep_exit_codes();
	process_cgroup_find(&made->cgroup, "/proc/self/mounts", settings->name);
	if (!dir_make(made->dir, "state_dir", err) || !lock_dir(made, err) || !process_load(made, err)) {
		process_verbs.free(&made->engine);
		return false;
	}
	process_hunt_all(made);
	sweep_cgroups(made);
	struct timeval bound = clock_timeval(LOG_BOUND_US);
	event_add(made->log_timer, &bound);
	process_news_up(made->news);
	*engine = &made->engine;
	return true;
}
