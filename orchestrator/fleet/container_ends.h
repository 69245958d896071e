/* container_ends: who ended a container, and how that is told. */
#pragma once

#include "orchestrator/fleet/cause.h"
#include "orchestrator/fleet/container.h"

void container_note_signal(struct container *container, int signal); /* the engine sent it, for whomever */
/* The engine has stopped it. Where SIGTERM had done nothing, the log says so, once for each revision, and what to do. */
void container_note_stopped(const struct container *container);
void container_note_exit(struct container *container, int exit_code); /* told again, it is no news */

/* The signal that somebody else had the engine send, so recently that the container's end comes of it, whatever its exit
 * code. 0: none. */
int container_signal(const struct container *container);
bool container_ended_by_hand(const struct container *container); /* it has ended: not by its requests' doing */

/* Did it crash, where this is the reason of its end, or did somebody do that to it? */
bool container_crashed(const struct container *container, enum reason reason);

/* What became of a container that failed: what its last probe saw, or how it ended; "" if nobody knows. */
void container_explain(const struct container *container, char words[WORDS_SIZE]);

/* The same, and what to do about it; reason: of its end. It says more once container_take_heard was true. */
void container_cause(const struct container *container, enum reason reason, char sentence[CAUSE_SIZE]);
/* What the engine would not do for it. */
void container_refusal(const struct container *container, const struct failure *failure, char sentence[CAUSE_SIZE]);

bool container_ended_itself(const struct container *container); /* or by somebody's hand, and it is known how */

/* The same, for the log and for counting: its backend's reason, or how it ended. */
enum reason container_end_reason(const struct container *container);
