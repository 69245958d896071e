/* upstream_private: the insides of a connection to a server, for the files that are it, lowest first: upstream.c (its life),
 * upstream_pool.c (between two requests), upstream_read.c (replies), upstream_write.c (connecting, requests), upstream_send.c
 * (a request begins). None calls one above it. Nobody else includes this.
 */
#pragma once

#include "common/buf.h"
#include "common/clock.h"
#include "orchestrator/base/defer.h"
#include "orchestrator/wire/message.h"
#include "orchestrator/wire/pulse.h"
#include "orchestrator/wire/stream.h"
#include "orchestrator/wire/upstream.h"

#include <event2/event.h>
#include <stdint.h>
#include <sys/queue.h>

#define UPSTREAM_SCRATCH_BYTES 65536

enum upstream_state { UPSTREAM_CONNECTING, UPSTREAM_BUSY, UPSTREAM_IDLE, UPSTREAM_OVER };

LIST_HEAD(upstreams, upstream);

struct upstream_pool {
	struct pulse *pulse;
	struct upstreams idle; /* last used first */
	struct upstreams busy;
	unsigned idle_count;
};

struct upstream {
	struct upstream_settings settings;
	const struct address *address;
	struct upstream_pool *pool; /* NULL: there is none, or it was closed */
	LIST_ENTRY(upstream) link;  /* in one of the pool's lists */
	struct pulse *pulse;        /* the pool's; NULL: nobody wants to know */
	enum upstream_state state;
	struct stream stream;
	struct timer *again; /* connects again; NULL until first needed */
	struct deadline deadline;
	struct deferred deferred;
	bool fail_later; /* deferred: fail with `later` */
	enum upstream_failure later;
	const char *broke;      /* static text: the rule that the reply broke */
	enum http_fault fault;  /* the same, where it is one of these */
	int error;              /* of the socket: why it failed */
	struct http_text begun; /* what cannot be read of the reply; NULL: it is in `partial` */

	struct upstream_request request;
	struct upstream_reader reader;
	void *arg;
	size_t written; /* bytes of head and body */
	bool reused;
	bool got_bytes; /* of this reply */
	bool waiting;   /* for the first of them: counted in the pulse */
	bool got_head;  /* the final one */
	bool keep;      /* the reply lets the connection live on */
	bool upgraded;
	bool bodiless;         /* its reply had no body by the rules; some send one all the same */
	int64_t sent_us;       /* when the request was given to us */
	int64_t idle_since_us; /* IDLE */
	bool paused;
	bool write_failed;
	struct message message;
	unsigned interims;   /* 1xx heads of this reply */
	struct buf partial;  /* a head that came in pieces */
	struct buf trailers; /* of the current reply */
};

static inline size_t upstream_request_len(const struct upstream *upstream)
{
	return (size_t)upstream->request.head.len + upstream->request.body.len;
}

/* upstream.c */

/* Connecting, in no pool. */
struct upstream *upstream_new(const struct upstream_settings *settings, const struct address *address);

/* The one way out: nothing of the connection is left but the memory, which goes at the turn's end. */
void upstream_end(struct upstream *upstream);

/* The same, and the reader is told, now or in a later turn. */
void upstream_fail(struct upstream *upstream, enum upstream_failure failure);
void upstream_fail_later(struct upstream *upstream, enum upstream_failure failure);

/* A byte of a reply came, or the request is given up. */
static inline void upstream_stop_waiting(struct upstream *upstream)
{
	if (upstream->waiting)
		pulse_end(upstream->pulse);
	upstream->waiting = false;
}

/* Something must happen by then; not while it is us who do not read. */
static inline void upstream_expect_progress(struct upstream *upstream)
{
	if (!upstream->paused)
		deadline_set(&upstream->deadline, clock_recent_us() + upstream->request.response_timeout_ms * 1000);
}

/* upstream_pool.c */

/* A new connection, busy. */
void upstream_pool_add(struct upstream_pool *pool, struct upstream *upstream);

/* The reply is over: it waits for the next request, or ends where there are enough that do. */
void upstream_pool_keep(struct upstream *upstream);

/* A connection that waits, busy from now on; NULL if there is none. must_live: the request cannot be sent again, so the
 * connection is looked at first. */
struct upstream *upstream_pool_take(struct upstream_pool *pool, bool must_live);

/* upstream_read.c */

void upstream_on_readable(evutil_socket_t fd, short what, void *arg);

/* upstream_write.c */

/* Connects, then starts. */
void upstream_open(struct upstream *upstream);

/* It is connected: writes the request. */
void upstream_start(struct upstream *upstream);
