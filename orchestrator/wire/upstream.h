/* upstream: one connection to a server, and one request after the other on it.
 *
 * It writes at once, reads into one scratch buffer that all share, and says what came as events of the message. A
 * connection whose reply ended cleanly goes back to its pool. It knows nothing of clients, replay or hold, nor what the
 * server is.
 *
 * Callbacks run later than upstream_send; on_head and on_body any number of times, then exactly one of on_done and
 * on_failed (none after upstream_cancel or upstream_detach). They may cancel, pause and send on other connections.
 */
#pragma once

#include "common/http_head.h"
#include "orchestrator/base/address.h"
#include "orchestrator/base/deadline.h"
#include "orchestrator/base/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct defer;
struct pulse;
struct upstream;
struct upstream_pool;

struct upstream_settings {
	struct event_base *base;
	struct deadlines *deadlines; /* NULL: nothing of a request has a timeout, its owner cancels it in time */
	struct defer *defer;
	enum loop_priority priority;
	int connect_timeout_ms;
};

enum upstream_failure {
	UPSTREAM_CONNECT,   /* never connected: no byte was written */
	UPSTREAM_LOCAL,     /* we are short of descriptors, ports or memory: says nothing of the server */
	UPSTREAM_STALE,     /* a pooled connection closed before any byte of the reply: nobody's fault */
	UPSTREAM_BROKEN,    /* reset or closed before the reply's head was complete */
	UPSTREAM_MALFORMED, /* not a reply */
	UPSTREAM_CUT,       /* reset or closed within the body */
	UPSTREAM_TIMEOUT,   /* connected, but nothing came in time */
	UPSTREAM_DOWN,      /* its pool was closed */
	UPSTREAM_FAILURES
};

struct upstream_reader {
	void (*on_head)(const struct http_head *head, void *arg); /* 1xx ones too */
	void (*on_body)(const char *data, size_t len, void *arg);
	/* trailers: of a chunked reply, "Name: value\r\n" each, valid for the call; "" if there are none. */
	void (*on_done)(struct http_text trailers, void *arg);
	/* upstream_pool_tell_missed, and no byte of the reply has come. It may still come. May send on connections of other
	 * pools, and touch none of this one. */
	void (*on_missed)(void *arg);
	/* untouched: no byte of the request was written. broke: what rule the reply broke, behind "the reply"; NULL if none. */
	void (*on_failed)(enum upstream_failure failure, bool untouched, const char *broke, void *arg);
};

struct upstream_request {
	enum http_method method;
	struct http_text head; /* both borrowed until the final callback, cancel or detach */
	struct http_text body;
	bool fresh; /* on a new connection, none from the pool */
	int64_t response_timeout_ms;
};

/* address: of the server; borrowed, as the request is. pool: one of connections to that address, where one is taken from and
 * left; NULL: the connection is for this request alone. */
struct upstream *upstream_send(const struct upstream_settings *settings, const struct address *address,
                               struct upstream_pool *pool, const struct upstream_request *request,
                               const struct upstream_reader *reader, void *arg);

/* Stops caring: the connection is closed, no more callbacks. */
void upstream_cancel(struct upstream *upstream);

/* Stops reading until upstream_resume; what was read already is still delivered. No timeout meanwhile. */
void upstream_pause(struct upstream *upstream);
void upstream_resume(struct upstream *upstream);

/* After a 101: hands the socket over; the caller owns it. Called from on_head; what the server sent behind the head
 * is given to on_body first, before the detached socket is read by anybody else: detach in on_done. */
int upstream_detach(struct upstream *upstream);

/* --- how a request stands, in work and in its on_failed -------------------------------------------------------- */

/* Why it failed: the socket's error; 0 where there was none: the server closed the connection, or what it sent is no reply. */
int upstream_error(const struct upstream *upstream);

/* What came of the reply's head and was not told by on_head; valid for the call. */
struct http_text upstream_begun(const struct upstream *upstream);

/* UPSTREAM_MALFORMED: the rule that the head broke; HTTP_FAULT_NONE: it was none of a head's. */
enum http_fault upstream_fault(const struct upstream *upstream);

/* All of the request was written. */
bool upstream_is_sent(const struct upstream *upstream);

/* --- pools ----------------------------------------------------------------------------------------------------- */

/* The connections to one server, idle and busy; whoever speaks for the server makes one and closes it. pulse: borrowed, is
 * told what the connections hear; it must stay until the last request is over. */
struct upstream_pool *upstream_pool_new(struct pulse *pulse);

/* The server is gone, and so is the pool: idle connections are closed, requests that are in work fail, later, with
 * UPSTREAM_DOWN. NULL is fine for all of these. */
void upstream_pool_close(struct upstream_pool *pool);

/* Closes the idle connections: the server may want its threads back. */
void upstream_pool_close_idle(struct upstream_pool *pool);

/* Tells those whose reply has not begun that the server missed a probe. */
void upstream_pool_tell_missed(struct upstream_pool *pool);

/* Is there a connection that is paused though the server has sent more? */
bool upstream_pool_is_unread(const struct upstream_pool *pool);
