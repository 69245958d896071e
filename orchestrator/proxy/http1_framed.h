/* http1_framed: what all kinds of connection that speak HTTP/1.x have in common: a turn whose reply http1_frame makes the bytes
 * of, and that is written in one place.
 */
#pragma once

#include "orchestrator/proxy/conns.h"
#include "orchestrator/proxy/http1_frame.h"
#include "orchestrator/proxy/http1_line.h"
#include "orchestrator/proxy/request.h"
#include "orchestrator/proxy/turn.h"

/* Embedded in the turn of a kind, and initialised by it. */
struct http1_framed {
	struct turn turn;
	struct request request;
	struct http1_frame frame;
	const struct conns *conns;
	/* To the client, as conn_write does it: what the client does not take now is kept. */
	enum turn_write (*write)(struct turn *turn, const struct iovec *iov, int count);
};

/* For the turn's cells in a turn_kind of these names, see turn.h. */
enum turn_write http1_framed_interim(struct turn *turn, const struct http_head *head);
bool http1_framed_head(struct turn *turn, const struct http_head *head);
bool http1_framed_keep(struct turn *turn, struct http_text piece);
enum turn_write http1_framed_send(struct turn *turn, struct http_text piece);
enum turn_write http1_framed_flush(struct turn *turn);
void http1_framed_take_back(struct turn *turn);
bool http1_framed_complete(struct turn *turn, struct http_text trailers);
void http1_framed_answer(struct turn *turn, struct problem *problem);

/* What is said, and told, of a request that is refused while it is read. */
struct http1_refusal {
	struct buf out; /* the reply; empty where there was no room for it */
	struct conns_refused told;
	struct http1_line line;
	char id[FORWARD_ID_SIZE];
};

/* framed: NULL: its head was not taken; line: NULL: framed knows. What it tells points into itself and into these; its out is the
 * caller's to clear. */
void http1_refusal_make(struct http1_refusal *refusal, const struct http1_framed *framed, const struct peer *peer,
                        int status, const char *detail, const struct http1_line *line);
