/* roll_pick: which slot is rolled next, and is there anything to roll? Pure. */
#pragma once

#include "orchestrator/fleet/roll_failure.h"
#include "orchestrator/fleet/slots.h"

bool roll_pick_is_stale(const struct slot *slot);      /* it is to be rolled */
bool roll_pick_is_kept(const struct slots *slots);     /* a container is there though an operator wanted it replaced */
bool roll_pick_is_outdated(const struct slots *slots); /* a slot's container is of another revision than the newest */

/* The slot to be rolled next: one whose new port no other slot has, if there is such a slot, else the lowest. NULL: none is
 * stale. */
struct slot *roll_pick_next(const struct slots *slots);

/* What a roll that begins now is for, where one is stale or that is so: */
enum roll_what roll_pick_what(const struct slots *slots);
/* No slot serves, and one that could may not have its port. */
bool roll_pick_is_blocked(const struct slots *slots);

/* Slots that are yet to be done, with the one that the roll is at (SLOT_NONE: it is at none). */
unsigned roll_pick_left(const struct slots *slots, int at);

/* Whose port the stand-in has: where ports move, the one meant for it may be one that a slot serves on; the one before is not. */
struct revision *roll_pick_port_of(const struct slots *slots);
