/* probe: one GET of the health path on a connection of its own, with a deadline. Nothing else. */
#pragma once

#include "orchestrator/fleet/probe_sight.h"

struct event_base;
struct probe;

struct probe_finding {
	enum probe_outcome outcome;
	int64_t took_us;
	bool unreachable; /* see struct probe_sight */
	const char *text; /* what it saw, for people: "status 404 on /health"; "" where it is good */
};

struct probe_question {
	const struct address *address;
	const char *host; /* the Host field ("acts") */
	const char *path;
	const char *identity; /* who is to answer, as a reply may say in its field Selfless-Id; "": whoever does */
	int timeout_ms;
};

/* The finding is valid for the call. */
typedef void probe_done(const struct probe_finding *finding, void *arg);

/* done is called exactly once, later, never before the call returned; not after probe_cancel. The question is borrowed for the
 * call. */
struct probe *probe_start(struct event_base *base, const struct probe_question *question, probe_done *done, void *arg);
void probe_cancel(struct probe *probe);

/* It has timeout_ms from now on, if that is less than it has. */
void probe_hasten(struct probe *probe, int timeout_ms);
