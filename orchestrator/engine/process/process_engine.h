/* process_engine: plain child processes, no shell.
 *
 * A "container" is a record in state_dir/process, made by create; its process is in a session of its own and outlives the
 * engine, and an engine that is made later finds it by the record.
 */
#pragma once

#include "orchestrator/engine/engine.h"

/* False where state_dir cannot be used or another engine uses it. on_up follows; on_down never. */
engine_new process_engine_new;

/* For main, by engines_help: words are those behind PROCESS_ENTER, as process_spawn makes them: PROCS MEMORY_MB N
 * VARIABLE... PATH ARGV0 ARGUMENT...; the N variables are for the program's environment. Becomes the program in the control
 * group PROCS, within its limits; returns an exit code if that cannot be: 127 where there is no such program, as env(1) does,
 * else 126. */
#define PROCESS_ENTER "--enter-cgroup"
int process_enter(char **words);
