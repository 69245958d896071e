/* probe_outcome: what a probe can find, what kind of finding that is, and the words for it. One table for probe, health
 * and logs: a new outcome is a row here, and everybody who decides by it has it. What an error of a socket says is not here but
 * in base/net_fault, since connections that carry requests ask it too; each of its faults is one outcome.
 */
#pragma once

#include "orchestrator/base/net_fault.h"
#include "orchestrator/fleet/reason.h"

#include <stdbool.h>

enum probe_kind {
	PROBE_WELL, /* it serves */
	PROBE_SOFT, /* counts as a miss */
	PROBE_HARD, /* the container is replaced at once */
	PROBE_OURS  /* our own shortage: says nothing about the container */
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
	X(STRANGER, "stranger", SOFT, PROBE_STRANGER, "does something else have its address?")                         \
	X(UNABLE, "unable", OURS, NONE, "") /* we could not ask: no descriptor, no local port */

#define PROBE_HINT_ADDRESS "is `port` right, does the program listen on 0.0.0.0?"
#define PROBE_HINT_SOCKET "does the program listen on the unix socket that its LISTEN names?"

enum probe_outcome {
#define X(name, text, kind, reason, hint) PROBE_##name,
	PROBE_OUTCOMES(X)
#undef X
	        PROBE_OUTCOMES_COUNT
};

enum probe_outcome probe_outcome_of(enum net_fault fault); /* a connection ended by this */
const char *probe_outcome_text(enum probe_outcome outcome);
enum probe_kind probe_outcome_kind(enum probe_outcome outcome);

/* Why the backend changes its state after this outcome; REASON_NONE where it does not. */
enum reason probe_outcome_reason(enum probe_outcome outcome);

/* What a person should look at where a container never gets ready; "" if there is nothing. by_socket: it is probed at a unix
 * socket. */
const char *probe_outcome_hint(enum probe_outcome outcome, bool by_socket);
