/* conn: one connection from a client: bytes in, bytes out, and how long it may take with either.
 *
 * It knows no protocol: that is its kind's, which embeds the conn in an object of its own. Bytes are written straight to the
 * stream, and only what that does not take is kept; so the client's leaving is seen while its request is in work, and a
 * request costs no change of the poll set.
 *
 *   resting -> (bytes come: conn_wake) -> at work -> conn_rest -> resting ...
 *   any -> lingering    its end was written, and what the client still sends is thrown away until it has heard
 *   any -> closed       by conn_close; or broken, or cut (with a reset), which is closed in a later turn of the loop
 *
 * Ownership: the object goes with the connection, by kind->free, at the end of the loop's turn.
 */
#pragma once

#include "common/buf.h"
#include "common/clock.h"
#include "orchestrator/base/deadline.h"
#include "orchestrator/base/defer.h"
#include "orchestrator/proxy/conns.h"
#include "orchestrator/proxy/peer.h"
#include "orchestrator/wire/stream.h"
#include "orchestrator/wire/tls_stream.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct conn;

struct conn_kind {
	/* Bytes came. Not called while lingering. */
	void (*on_bytes)(struct conn *conn, const char *data, size_t len);
	/* The client has closed its sending side; there will be no on_bytes. */
	void (*on_ended)(struct conn *conn);
	/* All that was kept has been written. */
	void (*on_drained)(struct conn *conn);
	/* The time of conn_set_deadline is up. */
	void (*on_deadline)(struct conn *conn);
	/* After conn_call_later, when no callback is on the stack. */
	void (*on_later)(struct conn *conn);
	/* The connection is over, nothing can be sent any more. */
	void (*on_closed)(struct conn *conn);
	/* Must the client's leaving be noticed although nothing is written to it? */
	bool (*is_listening)(const struct conn *conn);
	/* Has a reply been begun that is not whole? */
	bool (*is_replying)(const struct conn *conn);
	void (*free)(struct conn *conn);
};

/* Embedded in the kind's own object; written by conn.c alone. */
struct conn {
	const struct conn_kind *kind;
	struct conns *conns;
	struct conns_link link;
	struct stream stream;
	bool resting;   /* between two requests */
	bool ended;     /* the client has closed its sending side */
	bool mute;      /* we close ours, once `out` is written */
	bool broken;    /* to be closed in a later turn */
	bool cut;       /* its closing is a reset */
	bool lingering; /* only listened to */
	bool over;
	bool misplaced; /* in clear where TLS is spoken */
	struct peer peer;
	int64_t spent_us;     /* of head_timeout_ms, before the first head began */
	int64_t lingered;     /* bytes */
	int64_t unread_ms;    /* how long the client may leave what is in `out` unread */
	int64_t rested_at_us; /* the last reply's end, or the connection's beginning */
	struct buf out;
	struct deadline deadline;
	struct deferred deferred;
};

struct conn_socket {
	int fd; /* connected, non-blocking */
	const struct sockaddr *peer; /* for the call */
	bool heralded;    /* a PROXY header names the peer */
	struct tls *tls;  /* after its handshake; NULL: in clear */
	bool misplaced;   /* in clear where TLS is spoken: nothing that is asked for is to be answered */
	int64_t spent_us; /* of head_timeout_ms, on a header or a handshake */
};

enum conn_write {
	CONN_SENT,
	CONN_SLOW, /* what the stream did not take is kept: stop until on_drained */
	CONN_GONE, /* on_closed follows in a later turn */
};

/* Takes the socket over, and its tls; conn is all zero. The conn is resting. */
void conn_open(struct conn *conn, const struct conn_kind *kind, struct conns *conns, const struct conn_socket *socket);

/* Closes the connection at once, whatever is in work: on_closed is called. Harmless if it is over. */
void conn_close(struct conn *conn);

/* The same in a later turn: after a failed write, say. */
void conn_mark_broken(struct conn *conn);

/* The same with a reset: the client must not take what it has for the whole. */
void conn_mark_cut(struct conn *conn);

/* From now on it is waited for the client's next request: first as for a busy client, then as idle. */
void conn_rest(struct conn *conn);
void conn_wake(struct conn *conn);

/* Nothing more is written, and what comes is thrown away until the client has heard: closing with bytes unread would reset
 * the connection and take the end of a reply with it (RFC 9112 section 9.6). */
void conn_linger(struct conn *conn);

/* on_deadline is called after so long, unless another one is set. */
static inline void conn_set_deadline_at(struct conn *conn, int64_t at_us)
{
	deadline_set(&conn->deadline, at_us);
}

static inline void conn_set_deadline(struct conn *conn, int64_t timeout_ms)
{
	deadline_set(&conn->deadline, clock_recent_us() + timeout_ms * 1000);
}

static inline void conn_clear_deadline(struct conn *conn)
{
	deadline_clear(&conn->deadline);
}

/* head_timeout_ms, less what the handshake took of it where this is the connection's first head. */
void conn_set_head_deadline(struct conn *conn);

void conn_call_later(struct conn *conn);

/* Writes, or keeps a copy of what the stream does not take. idle_ms: how long the client may leave that unread. */
enum conn_write conn_write(struct conn *conn, const struct iovec *iov, int count, int64_t idle_ms);

/* Nothing more is written. The client hears it behind what was, and may go on sending. */
void conn_end_writing(struct conn *conn);

/* No on_bytes until conn_resume. Of a client that sends nothing more it is heard all the same when it leaves. */
void conn_pause(struct conn *conn);
void conn_resume(struct conn *conn);

static inline bool conn_is_paused(const struct conn *conn)
{
	return conn->stream.paused;
}

/* Is it closed, or about to be? */
static inline bool conn_is_gone(const struct conn *conn)
{
	return conn->over || conn->broken;
}

static inline const struct config *conn_config(const struct conn *conn)
{
	return conns_settings(conn->conns)->config;
}

/* A connection may idle for long: what an empty buffer needed once is given back. */
void conn_shrink(struct buf *buf);
