/* waits: what a slot that does not serve, or a roll that goes on, waits for, in words. Pure. */
#pragma once

#include "orchestrator/fleet/roll.h"
#include "orchestrator/fleet/words.h"

/* "": it serves, or is not wanted, or backs off. */
void waits_of_slot(const struct slot *slot, char words[WAITS_SIZE]);
/* "": none is under way or due. */
void waits_of_roll(const struct roll *roll, char words[WAITS_SIZE]);
