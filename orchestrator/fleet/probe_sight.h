/* probe_sight: what a probe saw: which outcome that is, and the sentence for people. Pure. */
#pragma once

#include "orchestrator/base/address.h"
#include "orchestrator/fleet/backend.h"
#include "orchestrator/fleet/probe_outcome.h"
#include "orchestrator/wire/upstream.h"

#define PROBE_TEXT_SIZE BACKEND_FINDING_SIZE

struct probe_sight {
	enum probe_outcome outcome;
	bool unreachable;           /* no word came, not even that nobody listens: its host may be gone */
	char text[PROBE_TEXT_SIZE]; /* "status 404 on /health"; "" where it is good */
};

/* A reply's head; path: that was asked for, not NUL-terminated; identity: who was asked, "": nobody in particular. */
void probe_saw_head(struct probe_sight *sight, const struct http_head *head, struct http_text path,
                    const char *identity);

/* The request failed: what on_failed of it was told. */
void probe_saw_failure(struct probe_sight *sight, const struct upstream *upstream, enum upstream_failure failure,
                       const char *broke, const struct address *address);

/* Nothing more came within timeout_ms. */
void probe_saw_silence(struct probe_sight *sight, const struct upstream *upstream, int timeout_ms,
                       const struct address *address);

/* The host could not ask: why, as a system call says it; or in words. */
void probe_saw_shortage(struct probe_sight *sight, const char *why);
