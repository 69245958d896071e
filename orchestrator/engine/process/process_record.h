/* process_record: what is known of one "container" of the process engine, and the file that keeps it.
 *
 *   DIR/ID/record     JSON, written whole and renamed into place, so that a reader sees the old one or the new one
 *   DIR/ID/log        what the process says (process_log.h)
 *
 * It starts and watches nothing.
 */
#pragma once

#include "orchestrator/engine/engine.h"
#include "orchestrator/engine/socket_dir.h"

#include <stdint.h>
#include <sys/types.h>

#define PROCESS_PATH_SIZE 1280

/* container.state is one of CREATED, RUNNING, EXITED. A process is believed to be ours only if the system was booted
 * as `boot` says and the process of that pid was started at `start_ticks`: a pid alone is given out again. */
struct process_record {
	struct engine_container container; /* but its address */
	char socket_dir[SOCKET_DIR_SIZE];  /* "" = it has none */
	struct strings command;
	struct strings env; /* all of it, "KEY=value" */
	int memory_mb;
	int cpu_quota_us; /* of PROCESS_CGROUP_PERIOD_US; 0 = no limit */
	bool starting;    /* CREATED, but a process may have been started whose pid was not written down yet */
	bool paused;
	pid_t pid; /* RUNNING */
	uint64_t start_ticks;
	char boot[40];
	int exit_code; /* EXITED; -1 = unknown */
};

void process_record_clear(struct process_record *record);

/* DIR/ID, made by process_record_make, taken away with all that is in it by process_record_remove. */
bool process_record_make(const char *dir, const struct process_record *record, struct err *err) MUST_CHECK;
bool process_record_remove(const char *dir, const char *id, struct err *err) MUST_CHECK;

bool process_record_write(const char *dir, const struct process_record *record, struct err *err) MUST_CHECK;
bool process_record_read(const char *dir, const char *id, struct process_record *record, struct err *err) MUST_CHECK;

/* The path of a file of a container; name NULL: its directory. */
void process_record_path(char path[PROCESS_PATH_SIZE], const char *dir, const char *id, const char *name);

bool process_is_id(const char *text); /* 64 hex digits */
