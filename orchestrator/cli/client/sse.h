/* sse: a stream of server-sent events, taken apart (HTML Standard, 9.2.6), as far as ours are: the fields `event` and `data`, one
 * `data` each; all else is passed over.
 */
#pragma once

#include "common/buf.h"
#include "common/err.h"

#define SSE_LINE_MAX (16 * 1024 * 1024)

/* One event; both texts are valid for the call. False: enough, nothing more is taken. */
typedef bool sse_event(const char *name, const char *data, size_t len, void *arg);

struct sse {
	sse_event *event;
	void *arg;
	struct buf line; /* what came of it */
	struct buf data;
	char name[32];
	bool has_data;
};

void sse_init(struct sse *sse, sse_event *event, void *arg);
void sse_clear(struct sse *sse);
void sse_reset(struct sse *sse); /* another stream begins */

/* False: the callback has had enough (err->code SSE_ENOUGH), or a line is too long. */
#define SSE_ENOUGH 100 /* none of wire.h's codes */
bool sse_feed(struct sse *sse, const char *data, size_t len, struct err *err) MUST_CHECK;
