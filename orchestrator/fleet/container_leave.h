/* container_leave: a container's way out. */
#pragma once

#include "orchestrator/fleet/container.h"

enum leave_how { LEAVE_AT_ONCE, LEAVE_AFTER_STOP, LEAVE_AFTER_DRAIN };

/* The container leaves, if it does not yet. Whoever wants it has to let go of it. */
void container_leave(struct container *container, enum reason reason, enum leave_how how);
void container_kill(struct container *container);      /* one that leaves, at once */
void container_cut_short(struct container *container); /* one that drains is not waited for any more */

/* One step of a container that leaves. aftermath_us: the engine shall have nothing to do for a dead one before then (clock_us),
 * 0: it may. True: it is gone, and was freed. */
bool container_leave_step(struct container *container, int64_t aftermath_us);

/* The engine is back: what it would not do before is tried at once. */
void containers_leave_again(struct containers *all);
