/* process_hunt: one walk after the other.
 *
 *   begin -> WAITS --a walk begins--> ON --it is over, and found some--> WAITS
 *                                        --it is over, and found nobody--> NO: process_has_ended
 *
 * Invariant: what is killed was looked at through a descriptor of its own, so that a number that was given out again hits
 * nobody else.
 */
#include "orchestrator/engine/process/process_hunt.h"

#include "orchestrator/engine/process/process.h"
#include "orchestrator/engine/process/process_proc.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/base/backoff.h"
#include "orchestrator/base/loop.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#define PIECE 64     /* processes looked at in one turn of the loop: half a millisecond or so */
#define TURN_US 1000 /* between two */
#define WALKS_MAX 20 /* somebody who makes children faster than they can be ended is not waited for */

/* Whoever waits for the end of the hunt waits until there are descriptors: without them nobody is found. */
static const struct backoff_pace pace = {.first_us = 10000, .most_us = 1000000};

struct process_hunt {
	struct process_engine *engine;
	struct event *turn;
	DIR *proc; /* NULL: no walk is under way */
	struct backoff retry;
};

/* --- one process of the system --------------------------------------------------------------------------------- */

static struct process *owner_of(struct process_engine *engine, pid_t pid)
{
	char id[ENGINE_ID_SIZE];

	return process_id_of(pid, id) ? process_by_id(engine, id) : NULL;
}

/* Is it one of those that are hunted? It is ended, and counted. */
static bool end_stray(struct process_engine *engine, pid_t pid, bool (*hunted)(const struct process *process))
{
	struct process *process = owner_of(engine, pid);
	int pidfd;
	bool ended;

	if (process == NULL || !hunted(process) || (pidfd = pidfd_open(pid, 0)) == -1)
		return false;
	ended = owner_of(engine, pid) == process && pidfd_send_signal(pidfd, SIGKILL, NULL, 0) != -1;
	close(pidfd);
	process->strays += ended;
	process->strays_now |= ended;
	return ended;
}

static pid_t pid_of(const struct dirent *entry)
{
	char *end;
	long pid = strtol(entry->d_name, &end, 10);

	return *end == '\0' && pid > 1 ? (pid_t)pid : 0;
}

/* --- a walk ---------------------------------------------------------------------------------------------------- */

static void tell(const struct process *process)
{
	const struct process_record *record = &process->record;

	if (process->strays == 0)
		return;
	log_line(process->daemon ? LOG_WARN : LOG_INFO, "event=strays service=%s slot=%d container=%.12s ended=%u%s",
	         record->container.service, record->container.slot, record->container.id, process->strays,
	         process->daemon
	                 ? " error=\"it ended, and what it had started went on in the background: a program has to "
	                   "stay in the foreground and must not make itself a daemon, see `command` of the service\""
	                 : "");
}

static bool is_hunted(const struct process *process)
{
	return process->hunt == HUNT_ON;
}

/* May free processes. True: another walk is wanted. */
static bool walk_over(struct process_hunt *hunt)
{
	struct process *process, *next;
	bool more = false;

	closedir(hunt->proc);
	hunt->proc = NULL;
	for (process = TAILQ_FIRST(&hunt->engine->processes); process != NULL; process = next) {
		next = TAILQ_NEXT(process, link);
		if (process->hunt == HUNT_ON && process->strays_now && process->walks < WALKS_MAX) {
			process->hunt = HUNT_WAITS;
		} else if (process->hunt == HUNT_ON) {
			process->hunt = HUNT_NO;
			tell(process);
			process_has_ended(process);
			continue;
		}
		more |= process->hunt == HUNT_WAITS;
	}
	return more;
}

static void walk_begin(struct process_hunt *hunt)
{
	struct process *process;

	TAILQ_FOREACH (process, &hunt->engine->processes, link)
		if (process->hunt == HUNT_WAITS) {
			process->hunt = HUNT_ON;
			process->strays_now = false;
			process->walks++;
		}
}

/* A walk is under way then, and there are the two descriptors that a look at somebody takes. */
static bool walk_on(struct process_hunt *hunt)
{
	int first, second;

	if (hunt->proc == NULL && (hunt->proc = opendir("/proc")) != NULL)
		walk_begin(hunt);
	if (hunt->proc == NULL)
		return false;
	first = fcntl(dirfd(hunt->proc), F_DUPFD_CLOEXEC, 0);
	second = fcntl(dirfd(hunt->proc), F_DUPFD_CLOEXEC, 0);
	if (first != -1)
		close(first);
	if (second != -1)
		close(second);
	return second != -1;
}

static void look_again_in(struct process_hunt *hunt, int64_t wait_us)
{
	struct timeval wait = clock_timeval(wait_us);

	event_add(hunt->turn, &wait);
}

static void walk_later(struct process_hunt *hunt)
{
	bool first = hunt->retry.level == 0;
	int64_t wait_us;

	if (first)
		log_warn("event=hunt-waits error=%s", log_quote(strerror(errno)));
	wait_us = backoff_fail_at(&hunt->retry, pace, RETRY_HUNT);
	look_again_in(hunt, wait_us);
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct process_hunt *hunt = arg;
	const struct dirent *entry = NULL;
	bool more = true;

	(void)fd;
	(void)what;
	if (!walk_on(hunt)) {
		walk_later(hunt);
		return;
	}
	backoff_reset(&hunt->retry);
	for (int i = 0; i < PIECE && (entry = readdir(hunt->proc)) != NULL; i++)
		if (pid_of(entry) != 0)
			(void)end_stray(hunt->engine, pid_of(entry), is_hunted);
	if (entry == NULL)
		more = walk_over(hunt);
	if (more)
		look_again_in(hunt, TURN_US);
}

/* --- life ------------------------------------------------------------------------------------------------------ */

struct process_hunt *process_hunt_new(struct process_engine *engine)
{
	struct process_hunt *hunt = mem_zero(sizeof(*hunt));

	hunt->engine = engine;
	hunt->turn = loop_event_new(engine->base, LOOP_URGENT, -1, 0, on_turn, hunt);
	return hunt;
}

void process_hunt_free(struct process_hunt *hunt)
{
	if (hunt == NULL)
		return;
	if (hunt->proc != NULL)
		closedir(hunt->proc);
	event_free(hunt->turn);
	free(hunt);
}

void process_hunt_begin(struct process_hunt *hunt, struct process *process)
{
	process->hunt = HUNT_WAITS;
	process->strays = process->walks = 0;
	process->daemon = process->record.exit_code == 0 && TAILQ_EMPTY(&process->waits);
	if (!event_pending(hunt->turn, EV_TIMEOUT, NULL))
		look_again_in(hunt, 0);
}

static bool has_ended(const struct process *process)
{
	return process->record.container.state != ENGINE_RUNNING;
}

void process_hunt_all(struct process_engine *engine)
{
	bool found = true;

	for (int walk = 0; walk < WALKS_MAX && found; walk++) {
		DIR *proc = mem_must(opendir("/proc"));
		const struct dirent *entry;

		found = false;
		while ((entry = readdir(proc)) != NULL)
			found |= pid_of(entry) != 0 && end_stray(engine, pid_of(entry), has_ended);
		closedir(proc);
	}
}
