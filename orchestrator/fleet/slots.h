/* slots: a service's slots, each from what is to what should be.
 *
 * Slot i is container NAME_i on host port first_port + i. For each live slot a NAME_i.next is created ahead (never started); on
 * a fault the dead container is removed and .next started at the same time (start is tried again every few ms while the port is
 * still held), then renamed once the old name is free.
 */
#pragma once

#include "orchestrator/fleet/slot.h"

void slots_init(struct slots *slots, struct berths *berths, struct revisions *revisions);
void slots_clear(struct slots *slots);

void slots_look(struct slots *slots); /* before all else of a step */
void slots_step(struct slots *slots);
bool slots_pending(const struct slots *slots); /* the engine is to start a container of one now: that comes first */
int slots_live(const struct slots *slots);
int slots_ready(const struct slots *slots); /* of those */
/* Until when (clock_us) the engine shall do nothing for this dead container, since its slot waits for a replacement; 0: it may. */
int64_t slots_aftermath_us(const struct slots *slots, const struct container *container);
void slots_count_replacement(struct slots *slots, enum reason reason);

void slot_open(struct slot *slot);                           /* it is wanted from now on */
void slot_retire(struct slot *slot, enum reason reason);     /* it is not: drains and empties it */
void slot_vacate(struct slot *slot, enum reason reason);     /* drains and empties it; then it is refilled */
void slot_drop(struct slot *slot, enum reason reason);       /* its container leaves at once; then it is refilled */
void slot_drop_ahead(struct slot *slot, enum reason reason); /* the one made ahead leaves */
void slot_afresh(struct slot *slot);                         /* what failed before is forgotten: it is tried now */

/* Found: a running container that is the slot's, or one that was created only. There must be none. */
void slot_adopt(struct slot *slot, struct container *container);
void slot_adopt_ahead(struct slot *slot, struct container *container);
