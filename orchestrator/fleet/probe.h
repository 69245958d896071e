/* probe: one GET of the health path on a connection of its own, with a deadline. Nothing else. */
#pragma once

#include "orchestrator/fleet/probe_sight.h"

struct event_base;
struct probe;

struct probe_finding {
	enum probe_outcome outcome;
	int64_t took_us;
	const char *text; /* what it saw, for people: "status 404 on /health"; "" where it is good */
};

/* The finding is valid for the call. */
typedef void probe_done(const struct probe_finding *finding, void *arg);

/* done is called exactly once, later, never before the call returned; not after probe_cancel. path and
 * host are borrowed for the call; host is the Host field ("acts"). */
struct probe *probe_start(struct event_base *base, const struct address *address, const char *host, const char *path,
                          int timeout_ms, probe_done *done, void *arg);
void probe_cancel(struct probe *probe);

/* It has timeout_ms from now on, if that is less than it has. */
void probe_hasten(struct probe *probe, int timeout_ms);
