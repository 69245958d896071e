/* reason: why a backend's state changed.  One list for logs, admin and metrics. */
#pragma once

/*        name               text                 hard: replace at once (else it was our own doing or is not a fault) */
#define REASONS(X)                                                                        \
	X(NONE, "none")                                                                   \
	X(CREATED, "created") /* new container */                                         \
	X(ADOPTED, "adopted") /* found running at start */                                \
	X(PROBE_GOOD, "probe-good")                                                       \
	X(PROBE_TIMEOUT, "probe-timeout")     /* soft */                                  \
	X(BUSY, "busy")                       /* probe timed out, but it sends replies */ \
	X(PROBE_REFUSED, "probe-refused")     /* connection refused or no such socket */  \
	X(PROBE_RESET, "probe-reset")         /* reset, or closed without a reply */      \
	X(PROBE_STATUS, "probe-status")       /* 5xx on the health path */                \
	X(PROBE_MALFORMED, "probe-malformed") /* not HTTP */                              \
	X(EXCHANGE_FAILED, "exchange-failed") /* live traffic: suspect, probed now */     \
	X(EXCHANGE_STATUS, "exchange-5xx")    /* live traffic: suspect, probed now */     \
	X(EXITED, "exited")                                                               \
	X(OOM_KILLED, "oom-killed")                                                       \
	X(PAUSED, "paused")               /* by somebody else */                          \
	X(VANISHED, "vanished")           /* not in the engine's list any more */         \
	X(START_TIMEOUT, "start-timeout") /* no good probe within health.start_ms */      \
	X(CREATE_FAILED, "create-failed")                                                 \
	X(START_FAILED, "start-failed")                                                   \
	X(NAME_TAKEN, "name-taken") /* a foreign container has the name */                \
	X(PORT_TAKEN, "port-taken")                                                       \
	X(NO_IMAGE, "no-image")                                                           \
	X(ENGINE_DOWN, "engine-down")                                                     \
	X(CRASH_LOOP, "crash-loop") /* backs off */                                       \
	X(SCALE_DOWN, "scale-down")                                                       \
	X(SCALE_UP, "scale-up")                                                           \
	X(ROLL, "roll")         /* new image or spec */                                   \
	X(OPERATOR, "operator") /* asked for through admin */                             \
	X(SHUTDOWN, "shutdown")                                                           \
	X(UNCONFIGURED, "unconfigured") /* its service is */                              \
	X(SPARE, "spare")               /* waits, paused, or goes back to that */         \
	X(REPLACED, "replaced")

enum reason {
#define X(name, text) REASON_##name,
	REASONS(X)
#undef X
	        REASON_COUNT
};

const char *reason_text(enum reason reason);
