/* probe_outcome: what a probe can find, what kind of finding that is, and the words for it.  One table for probe, health
 * and logs; a row more, and everybody who judges has it.
 */
#pragma once

#include "orchestrator/fleet/reason.h"

#include <stdbool.h>

enum probe_kind {
	PROBE_WELL,  /* it serves */
	PROBE_SOFT,  /* counts as a miss */
	PROBE_HARD,  /* the container is replaced at once */
	PROBE_UNSAID /* says nothing about the container */
};

/*        outcome     text          kind    reason           hint for one that never gets ready */
#define PROBE_OUTCOMES(X)                                                                                              \
	X(GOOD, "good", WELL, PROBE_GOOD, "")                                           /* 2xx or 3xx */               \
	X(BAD_STATUS, "bad-status", HARD, PROBE_STATUS, "does its own output say why?") /* 5xx */                      \
	/* 4xx: it answers; not ready at first, no fault later */                                                      \
	X(ODD_STATUS, "odd-status", WELL, PROBE_STATUS, "is health.path right?")                                       \
	X(REFUSED, "refused", HARD, PROBE_REFUSED, PROBE_HINT_ADDRESS)                                                 \
	X(RESET, "reset", HARD, PROBE_RESET, PROBE_HINT_ADDRESS) /* or closed before a whole head */                   \
	X(MALFORMED, "malformed", HARD, PROBE_MALFORMED, "does the program speak HTTP/1.1 there?")                     \
	X(TIMEOUT, "timeout", SOFT, PROBE_TIMEOUT, "does the program hang, or does it need a longer health.start_ms?") \
	X(UNABLE, "unable", UNSAID, NONE, "") /* we could not ask: no descriptor, no local port */

#define PROBE_HINT_ADDRESS "is `port` right, does the program listen on 0.0.0.0?"
#define PROBE_HINT_SOCKET "does the program listen on the unix socket that its LISTEN names?"

enum probe_outcome {
#define X(name, text, kind, reason, hint) PROBE_##name,
	PROBE_OUTCOMES(X)
#undef X
	        PROBE_OUTCOMES_COUNT
};

const char *probe_outcome_text(enum probe_outcome outcome);
enum probe_kind probe_outcome_kind(enum probe_outcome outcome);
enum reason
probe_outcome_reason(enum probe_outcome outcome); /* of what becomes of it; REASON_NONE where nothing does */
/* What to look at where the container never gets ready. by_socket: it is asked at a unix socket. "" if there is nothing. */
const char *probe_outcome_hint(enum probe_outcome outcome, bool by_socket);
