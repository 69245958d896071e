/* http1_frame: how one reply is framed for a client that speaks HTTP/1.x (RFC 9112 sections 6 and 7): by length, by chunks, or
 * by the end of the connection. Pure: structure in, bytes out.
 *
 * What may not be sent yet is kept: a head, and body behind it. What may go at once goes beside it without being copied.
 */
#pragma once

#include "common/buf.h"
#include "orchestrator/proxy/forward.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

struct problem;
struct request;

struct http1_frame {
	bool http_1_0;  /* the client speaks */
	bool last;      /* the client wants its connection closed after the reply, or has ended its side */
	bool close;     /* the connection ends with the reply: so its head said */
	int64_t hsts_s; /* Strict-Transport-Security of each reply; 0: none */
	enum forward_framing framing;
	struct buf kept; /* not sent yet */
};

void http1_frame_init(struct http1_frame *frame);

/* For the next reply; memory for heads stays. hsts_s: 0: the client does not speak TLS, or nothing of that is to be said. */
void http1_frame_reset(struct http1_frame *frame, int64_t hsts_s);
void http1_frame_clear(struct http1_frame *frame); /* frees it */

/* Is it small enough to be kept for a further reply? */
bool http1_frame_is_spare(const struct http1_frame *frame);

/* A 1xx reply that is not the last is in kept. False: the client is not told of it. */
bool http1_frame_interim(struct http1_frame *frame, const struct http_head *head);

/* The head is kept. method: of the request. draining: the connection is to end in any case. False: it is too long, nothing
 * is kept. */
bool http1_frame_head(struct http1_frame *frame, const struct http_head *head, enum http_method method, bool draining);

/* A piece of body is kept. False: there is no room. */
bool http1_frame_keep(struct http1_frame *frame, struct http_text piece);

/* The body is whole: what stands behind it is kept. False: there is no room. */
bool http1_frame_complete(struct http1_frame *frame, struct http_text trailers);

#define HTTP1_PARTS 4
#define HTTP1_LINE 24

struct http1_parts {
	struct iovec iov[HTTP1_PARTS];
	int count;
	size_t len; /* bytes in all */
	char line[HTTP1_LINE];
};

/* What is kept and a piece of body (none: NULL, 0) as they are sent. They point into frame, piece and parts; behind the
 * writing http1_frame_sent must follow. */
void http1_frame_parts(struct http1_frame *frame, struct http_text piece, struct http1_parts *parts);
void http1_frame_sent(struct http1_frame *frame);

/* A whole reply of our own into out; problem gets what the client asked for. draining as above. False: no room. */
bool http1_frame_problem(struct http1_frame *frame, const struct request *request, bool draining,
                         struct problem *problem, struct buf *out);
