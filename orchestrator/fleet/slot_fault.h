/* slot_fault: what happened to a slot's containers: faults, crash loops, refusals. */
#pragma once

#include "orchestrator/fleet/slot.h"

void slot_look(struct slot *slot);          /* before all else of a step: what became of its containers? */
void slot_fault(struct slot *slot);         /* its container is lost, and leaves */
void slot_tell_back_off(struct slot *slot); /* in the log, once */
