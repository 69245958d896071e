/* reason: why a backend's state changed. One list for logs, admin and metrics. */
#pragma once

#include "orchestrator/engine/engine.h"

/* Where a reason comes from: from what we do, from a probe, or from the engine, live traffic and what else is not ours. */
enum reason_source { REASON_BY_US, REASON_BY_PROBE, REASON_BY_OTHERS };

/*        name             text               by */
#define REASONS(X)                                                                                     \
	X(NONE, "none", OTHERS)                                                                        \
	X(CREATED, "created", US) /* new container */                                                  \
	X(ADOPTED, "adopted", US) /* found running at start */                                         \
	X(PROBE_GOOD, "probe-good", PROBE)                                                             \
	X(PROBE_TIMEOUT, "probe-timeout", PROBE)                                                       \
	X(BUSY, "busy", PROBE)                        /* timed out, but the container sends replies */ \
	X(PROBE_REFUSED, "probe-refused", PROBE)      /* connection refused, or no such socket */      \
	X(PROBE_RESET, "probe-reset", PROBE)          /* reset, or closed without a reply */           \
	X(PROBE_STATUS, "probe-status", PROBE)        /* 5xx on the health path */                     \
	X(PROBE_MALFORMED, "probe-malformed", PROBE)  /* not HTTP */                                   \
	X(PROBE_STRANGER, "probe-stranger", PROBE)    /* another container answered */                 \
	X(EXCHANGE_FAILED, "exchange-failed", OTHERS) /* live traffic */                               \
	X(EXITED, "exited", OTHERS)                                                                    \
	X(OOM_KILLED, "oom-killed", OTHERS)                                                            \
	X(PAUSED, "paused", OTHERS)              /* not by us */                                       \
	X(VANISHED, "vanished", OTHERS)          /* not in the engine's list any more */               \
	X(EVICTED, "evicted", OTHERS)            /* the engine ends it, for somebody else */           \
	X(START_TIMEOUT, "start-timeout", PROBE) /* no good probe within health.start_ms */            \
	X(CREATE_FAILED, "create-failed", OTHERS)                                                      \
	X(START_FAILED, "start-failed", OTHERS)                                                        \
	X(NAME_TAKEN, "name-taken", OTHERS) /* a foreign container has the name */                     \
	X(PORT_TAKEN, "port-taken", OTHERS)                                                            \
	X(NO_IMAGE, "no-image", OTHERS)                                                                \
	X(NO_NETWORK, "no-network", OTHERS)                                                            \
	X(NO_VOLUME, "no-volume", OTHERS)                                                              \
	X(NO_SPACE, "no-space", OTHERS) /* on the engine's disk */                                     \
	X(ENGINE_DOWN, "engine-down", OTHERS)                                                          \
	X(CRASH_LOOP, "crash-loop", OTHERS) /* the slot backs off */                                   \
	X(SCALE_DOWN, "scale-down", US)                                                                \
	X(SCALE_UP, "scale-up", US)                                                                    \
	X(ROLL, "roll", US)         /* new image or spec */                                            \
	X(OPERATOR, "operator", US) /* asked for through admin */                                      \
	X(SHUTDOWN, "shutdown", US)                                                                    \
	X(UNCONFIGURED, "unconfigured", US) /* the service is not configured any more */               \
	X(SPARE, "spare", US)               /* waits, paused, or goes back to that */                  \
	X(REPLACED, "replaced", US)

enum reason {
#define X(name, text, by) REASON_##name,
	REASONS(X)
#undef X
	        REASON_COUNT
};

const char *reason_text(enum reason reason);
enum reason_source reason_source(enum reason reason);
/* What a refusal of the engine means; otherwise: where its fault says none. */
enum reason reason_of(enum engine_fault fault, enum reason otherwise);
