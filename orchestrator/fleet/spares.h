/* spares: containers that run ahead, paused, and stand in for a slot that does not serve. */
#pragma once

#include "orchestrator/fleet/spare.h"

void spares_init(struct spares *spares, struct berths *berths, const struct slots *slots, const struct roll *roll);
void spares_clear(struct spares *spares);
void spares_engine_down(struct spares *spares); /* it may be another one when it comes back */
void spares_look(struct spares *spares);        /* before all else of a step */
void spares_step(struct spares *spares);
size_t spares_shown(const struct spares *spares);     /* not those that are wanted no more and have no container */
unsigned spares_waiting(const struct spares *spares); /* paused, or as good as that */

/* The index of the spare that has this name; SPARE_NONE: it is none's. */
int spares_index(struct spares *spares, const char *name);
bool spares_is_free(struct spares *spares, int index); /* it is wanted, and has no container */
void spares_adopt(struct spares *spares, struct container *container, const struct engine_container *listed);
