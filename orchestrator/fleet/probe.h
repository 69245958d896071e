/* probe: one GET of the health path on a connection of its own, with a deadline. Nothing else. */
#pragma once

#include "orchestrator/fleet/backend.h"

struct event_base;
struct probe;

enum probe_outcome {
	PROBE_GOOD,       /* 2xx or 3xx */
	PROBE_BAD_STATUS, /* 5xx */
	PROBE_ODD_STATUS, /* 4xx: it answers; not ready at first, no fault later */
	PROBE_REFUSED,
	PROBE_RESET, /* reset, or closed before a whole status line and head */
	PROBE_MALFORMED,
	PROBE_TIMEOUT,
	PROBE_UNABLE, /* we could not ask: no descriptor, no local port; says nothing about the backend */
};

const char *probe_outcome_text(enum probe_outcome outcome);

typedef void probe_done(enum probe_outcome outcome, int64_t took_us, void *arg);

/* done is called exactly once, later, never before the call returned; not after probe_cancel. path is borrowed until
 * then; host is the Host field ("acts"). */
struct probe *probe_start(struct event_base *base, const struct backend_address *address, const char *host,
                          const char *path, int timeout_ms, probe_done *done, void *arg);
void probe_cancel(struct probe *probe);
