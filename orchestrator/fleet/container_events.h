/* container_events: what the engine tells of a container, by events and in its list. It is written on the container. */
#pragma once

#include "orchestrator/fleet/container.h"

/* An event for a container of this service; false: it is none of these. */
bool containers_event(struct containers *all, const struct engine_event *event);

/* Where its connections come from: old news of one that does not run. */
void container_note_sources(struct container *container, const struct engine_sources *sources);

/* A list that was asked for at asked_us (clock_us) has it, in this state; or has it not, though it was made before. */
void container_listed(struct container *container, const struct engine_container *listed, int64_t asked_us);
void containers_look_for(struct containers *all);               /* before a list is compared */
void containers_miss(struct containers *all, int64_t asked_us); /* after it: those that were not in it are gone */
