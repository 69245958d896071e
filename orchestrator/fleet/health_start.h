/* health_start: how long a container may take until its first good probe. */
#pragma once

#include "orchestrator/fleet/health_watch.h"

/* A container that was just started has start_ms. */
void start_begin(struct watch *watch);

/* A container that was found running, and was started running_ms ago, may have been well long ago: it has what is left of
 * start_ms, but no less than a container that serves (fall probes, and the pauses between them); and no more than that for
 * answering 5xx, or for accepting a connection and not answering. */
void start_begin_running(struct watch *watch, int64_t running_ms);

/* A probe that was not good: has the container had its time? Then *reason says what for. */
bool start_is_over(struct watch *watch, enum probe_outcome outcome, enum reason *reason);
