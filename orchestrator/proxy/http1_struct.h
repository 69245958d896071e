/* http1_struct: a connection that speaks HTTP/1.x, for the files that are it, each of which calls those named before it:
 * http1_reply, http1_read, http1. Nobody else includes this.
 */
#pragma once

#include "orchestrator/proxy/conn.h"
#include "orchestrator/proxy/http1_framed.h"
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
	struct http1_framed framed;
	struct http1 *http1;
	bool ending; /* the reply is complete, its last bytes are not written yet */
};
