/* container_ends: who ended a container, and how that is told. */
#pragma once

#include "orchestrator/fleet/container.h"

void container_note_signal(struct container *container, int signal);  /* the engine sent it, for whomever */
void container_note_exit(struct container *container, int exit_code); /* told again, it is no news */

/* The signal that somebody else had the engine send, so recently that the container's end comes of it, whatever its exit
 * code. 0: none. */
int container_signal(const struct container *container);
bool container_ended_by_hand(const struct container *container); /* it has ended: not by its requests' doing */

/* Did it crash, where this is the reason of its end, or did somebody do that to it? */
bool container_crashed(const struct container *container, enum reason reason);

/* What became of a container that failed: what its last probe saw, or how it ended; "" if nobody knows. */
void container_explain(const struct container *container, char words[WORDS_SIZE]);

/* The same, for the log and for counting: its backend's reason, or how it ended. */
enum reason container_end_reason(const struct container *container);
