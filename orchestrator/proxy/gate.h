/* gate: may this request in?  Judges a head that http_head found well formed. Pure, fuzzed with message.
 *
 * What is let in has one meaning only, for us and for whatever parser stands behind us.
 */
#pragma once

#include "common/http_head.h"

struct gate_limits {
	int64_t body_bytes;
};

struct gate_verdict {
	int status;       /* 0: let in; else the status to refuse with */
	const char *text; /* why, for people */
};

struct gate_verdict gate_judge(const struct http_head *head, const struct gate_limits *limits);
