/* docker_exits: the end of a container's process, some 20 ms before the Docker Engine tells of it; and, as it is said in the same
 * reply, where the container's connections come from.
 *
 * A pidfd (pidfd_open(2), Linux 5.3) of the process that inspect names becomes readable when it ends. That needs a dockerd
 * on this host and in our PID namespace; where the process cannot be had there is no news, and the die event remains.
 */
#pragma once

#include "orchestrator/engine/docker/docker_call.h"
#include "orchestrator/engine/engine.h"

struct docker_exits;

/* exits: ENGINE_EVENT_EXIT and ENGINE_EVENT_SOURCES go to observer.on_event. */
struct docker_exits *docker_exits_new(struct event_base *base, struct docker_calls *calls,
                                      const struct engine_observer *observer);
void docker_exits_free(struct docker_exits *exits); /* after docker_calls_free */

/* The container runs: its sources are news, and its end, once each. Harmless where it is watched already. */
void docker_exits_watch(struct docker_exits *exits, const char *id);
