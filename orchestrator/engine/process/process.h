/* process: what the files of the process engine share. Outside of them, engine.h is all there is. */
#pragma once

#include "orchestrator/engine/engine.h"
#include "orchestrator/engine/process/process_cgroup.h"
#include "orchestrator/engine/process/process_news.h"
#include "orchestrator/engine/process/process_record.h"

#include <sys/queue.h>

struct process;

struct process_engine {
	struct engine engine; /* first: a struct engine * of ours is a struct process_engine * */
	struct event_base *base;
	char *state_dir;
	char *dir; /* of the records */
	char *socket_dir;
	int lock; /* held while we use it */
	char boot[40];
	struct process_news *news;
	struct process_hunt *hunt;
	/* A process has ended by itself: what it left behind is looked for (process_hunt_begin). */
	void (*on_ended)(struct process_hunt *hunt, struct process *process);
	struct event *log_timer;
	TAILQ_HEAD(processes, process) processes;
	struct process_cgroup cgroup;
};

/* Is what it left behind looked for? See process_hunt.h. */
enum process_hunted { HUNT_NO, HUNT_WAITS, HUNT_ON };

/* Somebody who waits for a process's end: a stop or a removal. */
struct process_wait;

struct process {
	struct process_engine *owner;
	struct process_record record;
	int pidfd;            /* RUNNING; else -1 */
	struct event *on_end; /* RUNNING */
	bool child; /* started by this very program: it tells its exit code, and its pid is kept until we ask */
	enum process_hunted hunt;
	unsigned strays, walks; /* that were found, and how often they were looked for */
	bool strays_now;        /* the last time, too */
	bool daemon;            /* it ended with exit code 0, and nobody had asked for it */
	TAILQ_HEAD(process_waits, process_wait) waits;
	TAILQ_ENTRY(process) link;
};

extern const struct engine_verbs process_verbs; /* process_verbs.c */

/* The verb start (process_start.c). */
void process_start(struct engine *engine, const struct engine_spec *spec, const struct engine_place *place,
                   const char *id, engine_done *done, void *arg);

/* --- process_table.c: the processes and their records ---------------------------------------------------------- */

struct process *process_new(struct process_engine *engine, const struct process_record *record); /* takes it over */
struct process *process_by_id(struct process_engine *engine, const char *id);
bool process_name_taken(const struct process_engine *engine, const char *name);
bool process_save(struct process *process, struct err *err) MUST_CHECK;
void process_save_or_say(struct process *process); /* a failure is logged: the next engine finds out by itself */
enum engine_state process_state(const struct process *process);               /* also PAUSED */
void process_address(const struct process *process, struct address *address); /* where it listens while it runs */

/* --- process_child.c: the one that runs ------------------------------------------------------------------------ */

/* Begins to watch record.pid, if that still is the process of the record. */
bool process_watch(struct process *process, struct err *err) MUST_CHECK;
void process_unwatch(struct process *process);
void process_signal(struct process *process, int number); /* to it and its children */

/* --- process_end.c: waiting for the end ------------------------------------------------------------------------ */

enum process_then { PROCESS_THEN_STAYS, PROCESS_THEN_GOES };

/* SIGTERM, SIGKILL after grace_ms (at once if that is 0), the answer when it has ended; then its record is there still
 * or goes. A process that does not run has ended. May free the process. */
void process_end(struct process *process, enum process_then then, int grace_ms, engine_done *done, void *arg);

/* Its end has come, and that of all that it left: answers those who wait. May free the process. */
void process_has_ended(struct process *process);
void process_free(struct process *process); /* the record's file stays, and the process is left alone */

/* --- process_load.c: taking over ------------------------------------------------------------------------------- */

/* Reads all records and finds the processes that still run. */
bool process_load(struct process_engine *engine, struct err *err) MUST_CHECK;
