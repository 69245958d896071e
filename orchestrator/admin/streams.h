/* streams: who listens to /api/events, and that none of them costs more than it may.
 *
 * All get the same text, made once. A stream that does not read is dropped; the loop never waits for it.
 */
#pragma once

#include "orchestrator/admin/call.h"

struct streams;

#define STREAMS_MAX 64
#define STREAMS_UNSENT_MAX (1024 * 1024) /* a client that owes more is dropped */
#define STREAMS_BEHIND (64 * 1024)       /* a client that owes more does not get what the next second replaces anyway */

enum streams_kind { STREAMS_MUST, STREAMS_MAY_SKIP };

struct streams *streams_new(void);
void streams_free(struct streams *streams); /* ends all of them; NULL is fine */

unsigned streams_count(const struct streams *streams);

/* Answers the call with a stream that starts with this text. count must be below STREAMS_MAX. */
void streams_open(struct streams *streams, struct call *call, const struct buf *first);

void streams_send(struct streams *streams, const struct buf *text, enum streams_kind kind);
