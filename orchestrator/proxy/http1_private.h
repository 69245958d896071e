/* http1_private: the insides of an HTTP/1.x connection, for the files that are it, each of which calls those named before
 * it: http1_reply.c (replies out), http1_read.c (requests in) and http1.c (what conn calls). Nobody else includes this.
 */
#pragma once

#include "orchestrator/proxy/conn.h"
#include "orchestrator/proxy/http1_frame.h"
#include "orchestrator/proxy/http1_line.h"
#include "orchestrator/proxy/turn.h"
#include "orchestrator/wire/message.h"

#define HTTP1_INPUT_MAX 65536 /* bytes read ahead of a request in work */

enum http1_state {
	HTTP1_IDLE,  /* between two requests */
	HTTP1_HEAD,  /* a head is being read */
	HTTP1_BODY,  /* its body */
	HTTP1_BUSY,  /* it is in work */
	HTTP1_TUNNEL /* the protocol was changed */
};

struct http1 {
	struct conn conn;
	enum http1_state state;
	struct message message;
	struct http1_turn *turn; /* from the end of its head to the end of its reply */
	struct body body;        /* its bytes are counted with conns_buffer until the turn is over */
	struct buf input;
};

/* One request, and the reply to it. */
struct http1_turn {
	struct turn turn;
	struct http1 *http1;
	struct request request;
	struct http1_frame frame;
	bool ending; /* the reply is complete, its last bytes are not written yet */
};

/* http1_reply.c */

/* The head of a request was read: its turn begins. */
struct http1_turn *http1_begin_turn(struct http1 *http1);

/* At the end of the process: those that are kept for further requests. */
void http1_free_turns(void);

/* It is over: frees it, and what was counted for its body. Harmless without one. */
void http1_drop_turn(struct http1 *http1);

/* Says why, once, and then only listens until the client has heard. line: NULL: the turn's request knows. */
void http1_refuse(struct http1 *http1, int status, const char *detail, const struct http1_line *line);

/* The last bytes of a reply that waited for the client were written. */
void http1_finish(struct http1 *http1);

/* http1_read.c */

/* From the stream, in any state. */
void http1_take_bytes(struct http1 *http1, const char *data, size_t len);

/* What was read ahead is the next request, or the start of it. */
void http1_read_kept(struct http1 *http1);

/* Time is up while a head is read: what there is of it is refused. */
void http1_refuse_unread(struct http1 *http1, int status, const char *detail);
