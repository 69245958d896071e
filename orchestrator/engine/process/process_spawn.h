/* process_spawn: from a record to a running process. It does not watch it, and writes nothing down. */
#pragma once

#include "orchestrator/engine/process/process_record.h"

/* The process leads a session of its own; its standard input is /dev/null, its output goes to log_fd, no other
 * descriptor of ours is open in it, all signals are as the system has them. The program is looked up as execvp does;
 * a file that is neither a program nor names its interpreter is not given to a shell.
 * cgroup_procs: of the control group that it goes into (process_cgroup_make), for which this program starts itself anew
 * (process_enter); NULL: none.
 * ENGINE_NO_IMAGE: there is no such program. ENGINE_REFUSED: the system will not. */
enum engine_fault process_spawn(const struct process_record *record, const char *cgroup_procs, int log_fd, pid_t *pid,
                                struct err *err);

/* For main, by engines_help: words are those behind PROCESS_ENTER, as process_spawn makes them: PROCS MEMORY_MB N
 * VARIABLE... PATH ARGV0 ARGUMENT...; the N variables are for the program's environment. Becomes the program in the control
 * group PROCS, within its limits; returns an exit code if that cannot be: 127 where there is no such program, as env(1) does,
 * else 126. */
#define PROCESS_ENTER "--enter-cgroup"
int process_enter(char **words);

/* Does anybody listen on this port of 127.0.0.1? */
bool process_port_taken(int port);
