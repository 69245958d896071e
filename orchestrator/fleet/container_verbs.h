/* container_verbs: what the engine is asked for a container until it serves. Each makes one call (container->call is busy until
 * its answer); what became of it is noted on the container, and a step asked for.
 */
#pragma once

#include "orchestrator/fleet/container.h"

void container_create(struct container *container, const char *name, int host_port); /* NEW -> CREATED */
void container_start(struct container *container);                                   /* CREATED -> STARTED */
/* STARTED -> SERVING, as soon as its address is known. member: its backend is one of the fleet. */
void container_locate(struct container *container, bool member);
void container_rename(struct container *container, const char *name);
void container_pause(struct container *container, bool pause);
