/* problem: the orchestrator's own error replies, application/problem+json (RFC 9457).  Pure but for the date. */
#pragma once

#include "common/buf.h"

#include <stdbool.h>
#include <stdint.h>

struct problem {
	int status;
	const char *detail;     /* for people: what is wrong, what to do */
	const char *request_id; /* NULL: not known yet */
	const char *allow;      /* NULL, or the value of an Allow field */
	const char *location;   /* NULL, or that of Location: then it is no problem, and has no body */
	int64_t hsts_s;         /* of Strict-Transport-Security; 0: none */
	int retry_after_s;      /* 503: when it is worth another try; 0: soon */
	bool close;
	bool keep_alive_said; /* an HTTP/1.0 client that asked to stay */
	bool head_only;       /* the reply to a HEAD request */
};

/* The whole reply, head and body. 204, which is no problem either (what OPTIONS is answered), has no body. */
bool problem_write(struct buf *out, const struct problem *problem) MUST_CHECK;
