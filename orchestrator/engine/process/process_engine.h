/* process_engine: plain child processes, no shell.
 *
 * A "container" is a record in state_dir/process, made by create; its process is in a session of its own and outlives the
 * engine, and an engine that is made later finds it by the record.
 */
#pragma once

#include "orchestrator/engine/engine.h"

/* False where state_dir cannot be used or another engine uses it. on_up follows; on_down never. */
engine_new process_engine_new;
