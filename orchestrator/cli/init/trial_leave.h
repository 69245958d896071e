/* trial_leave: how a trial fails, and how it ends: without its container, whatever happens. */
#pragma once

#include "orchestrator/cli/init/trial_struct.h"

/* A line for the person who watches. */
void trial_tell(const struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* It will not do, for this reason: the first one counts. */
void trial_fail(struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Every answer of the engine comes by here. False: there is nothing to go on with, and it is on its way out. */
bool trial_answered(struct run *run, const struct engine_result *result);

/* Has a trial that was killed left it, whatever became of it since? now_ms: since the epoch. A trial that is
 * under way is younger. */
bool trial_is_remain(const struct engine_container *container, int64_t now_ms);

/* Once no verb is under way: takes away what there is, and ends the loop. */
void trial_leave(struct run *run);
