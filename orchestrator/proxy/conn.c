/* conn: the life of one connection, and its bytes. */
#include "orchestrator/proxy/conn.h"

#include "common/container_of.h"
#include "orchestrator/wire/tls.h"

#include <errno.h>

#define OUTPUT_MAX 1048576  /* what one turn may leave unwritten; sources stop at the first byte */
#define BUFFER_KEPT 4096    /* bytes of memory that an empty buffer may keep */
#define LAST_CALL_US 500000 /* for a request that is on its way while the orchestrator begins to end */
#define SILENT_US 50000     /* the next request of a busy client comes sooner */
#define LINGER_US 2000000
#define READ_BYTES 65536
#define READS 16 /* in one turn, so that others get theirs */
#define LINGER_BYTES_MAX 67108864

/* --- the end of a connection ----------------------------------------------------------------------------------- */

void conn_close(struct conn *conn)
{
	const struct conns_settings *settings = conns_settings(conn->conns);

	if (conn->over)
		return;
	conn->over = true;
	conn->cut |= !conn->lingering && conn->kind->is_replying(conn);
	stream_close(&conn->stream, conn->cut ? STREAM_CUT : STREAM_WHOLE);
	deadline_remove(settings->deadlines, &conn->deadline);
	conns_remove(conn->conns, &conn->link);
	defer_call(settings->defer, &conn->deferred);
	conn->kind->on_closed(conn);
}

void conn_mark_broken(struct conn *conn)
{
	conn->broken = true;
	buf_reset(&conn->out);
	conn_call_later(conn);
}

void conn_mark_cut(struct conn *conn)
{
	conn->cut = true;
	conn_mark_broken(conn);
}

void conn_shrink(struct buf *buf)
{
	if (buf->len == 0 && buf->cap > BUFFER_KEPT)
		buf_clear(buf);
}

void conn_linger(struct conn *conn)
{
	if (conn->ended) { /* all its bytes are read */
		conn_close(conn);
		return;
	}
	conn_end_writing(conn);
	conn_wake(conn);
	conn_resume(conn);
	conn->lingering = true;
	conn_set_deadline_at(conn, clock_us() + LINGER_US);
}

/* --- deadlines, deferred work ---------------------------------------------------------------------------------- */

void conn_rest(struct conn *conn)
{
	conn->resting = true;
	conn->rested_at_us = clock_recent_us();
	conn_set_deadline_at(conn, conn->rested_at_us + SILENT_US);
}

void conn_wake(struct conn *conn)
{
	conn->resting = false;
	conns_wake(conn->conns, &conn->link);
}

void conn_set_head_deadline(struct conn *conn)
{
	conn_set_deadline_at(conn, clock_recent_us() + conn_config(conn)->head_timeout_ms * 1000 - conn->spent_us);
	conn->spent_us = 0;
}

/* First it loses its claim to the connection, then the connection. */
static void be_silent(struct conn *conn)
{
	bool draining = conns_is_draining(conn->conns);
	int64_t patience_us = draining ? LAST_CALL_US : conn_config(conn)->idle_timeout_ms * 1000;

	if (conn->link.is_idle) {
		conn_close(conn);
		return;
	}
	conns_idle(conn->conns, &conn->link);
	conn_set_deadline_at(conn, conn->rested_at_us + patience_us);
}

static void on_deadline(struct deadline *deadline)
{
	struct conn *conn = container_of(deadline, struct conn, deadline);

	if (conn->lingering)
		conn_close(conn);
	else if (conn->resting)
		be_silent(conn);
	else if (conn->out.len > 0)
		conn_mark_cut(conn); /* the client does not read its reply */
	else
		conn->kind->on_deadline(conn);
}

static void on_deferred(struct deferred *deferred)
{
	struct conn *conn = container_of(deferred, struct conn, deferred);

	if (conn->over) {
		buf_clear(&conn->out);
		conn->kind->free(conn);
	} else if (conn->broken) {
		conn_close(conn);
	} else if (!conn->lingering) {
		conn->kind->on_later(conn);
	}
}

void conn_call_later(struct conn *conn)
{
	defer_call(conns_settings(conn->conns)->defer, &conn->deferred);
}

/* --- in -------------------------------------------------------------------------------------------------------- */

static void linger_on(struct conn *conn, size_t len)
{
	conn->lingered += (int64_t)len;
	if (conn->lingered > LINGER_BYTES_MAX)
		conn_mark_broken(conn);
}

static void take_bytes(struct conn *conn, const char *data, size_t len)
{
	if (conn->lingering)
		linger_on(conn, len);
	else
		conn->kind->on_bytes(conn, data, len);
}

static void take_end(struct conn *conn)
{
	if (conn->lingering) {
		conn_close(conn);
		return;
	}
	conn->ended = true;
	conn->kind->on_ended(conn);
}

/* A read that left nothing took all of it. The end of the stream that came along is told as EV_CLOSED; a reset is not, and is
 * looked for where nobody would write to this client, and find it, for long. */
static bool may_stop_reading(const struct conn *conn, short what)
{
	return (what & EV_CLOSED) == 0 && !conn->kind->is_listening(conn);
}

/* Edge-triggered: told once of what has come. (Level-triggered, epoll looks at each socket twice.) */
static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *conn = arg;
	char scratch[READ_BYTES];

	(void)fd;
	clock_us(); /* for all clock_recent_us below */
	if (conn->ended) {
		/* reading gives the end again and again, after a reset, too: only the socket's error tells that it has left */
		if (stream_error(&conn->stream) != 0)
			conn_close(conn);
		return;
	}
	for (int i = 0; i < READS; i++) {
		ssize_t got = stream_read(&conn->stream, scratch, sizeof(scratch));
		if (got == -1 && errno == EAGAIN)
			return;
		if (got == 0) {
			take_end(conn);
			return;
		}
		if (got == -1) {
			conn_close(conn);
			return;
		}
		take_bytes(conn, scratch, (size_t)got);
		if (conn_is_gone(conn) || conn_is_paused(conn))
			return;
		if (stream_is_drained(&conn->stream, got, sizeof(scratch)) && may_stop_reading(conn, what))
			return;
	}
	stream_read_later(&conn->stream);
}

void conn_pause(struct conn *conn)
{
	if (!conn->ended && !conn->over)
		stream_pause(&conn->stream);
}

void conn_resume(struct conn *conn)
{
	if (!conn->over)
		stream_resume(&conn->stream);
}

/* --- out ------------------------------------------------------------------------------------------------------- */

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *conn = arg;

	(void)fd;
	(void)what;
	if (conn->broken)
		return;
	clock_us();
	ssize_t put = stream_write(&conn->stream, &(struct iovec){conn->out.data, conn->out.len}, 1);
	if (put == -1 && errno != EAGAIN) {
		conn_mark_broken(conn);
		return;
	}
	if (put > 0) {
		buf_drop(&conn->out, (size_t)put);
		if (!conn->lingering)
			conn_set_deadline(conn, conn->unread_ms);
	}
	if (conn->out.len > 0) {
		stream_wait_writable(&conn->stream);
		return;
	}
	conn_shrink(&conn->out);
	if (conn->mute)
		stream_end_writing(&conn->stream);
	if (!conn->lingering)
		conn->kind->on_drained(conn);
}

static const struct stream_owner stream_owner = {.on_readable = on_readable, .on_writable = on_writable};

static bool keep_rest(struct conn *conn, const struct iovec *iov, int count, size_t skip)
{
	for (int i = 0; i < count; i++) {
		size_t from = skip < iov[i].iov_len ? skip : iov[i].iov_len;
		skip -= from;
		if (!buf_add(&conn->out, (const char *)iov[i].iov_base + from, iov[i].iov_len - from))
			return false;
	}
	return true;
}

enum conn_write conn_write(struct conn *conn, const struct iovec *iov, int count, int64_t idle_ms)
{
	size_t whole = 0, put = 0;

	if (conn_is_gone(conn))
		return CONN_GONE;
	for (int i = 0; i < count; i++)
		whole += iov[i].iov_len;
	if (conn->out.len == 0) {
		ssize_t result = stream_write(&conn->stream, iov, count);
		if (result == -1 && errno != EAGAIN) {
			conn_mark_broken(conn);
			return CONN_GONE;
		}
		put = result > 0 ? (size_t)result : 0;
		if (put == whole)
			return CONN_SENT;
		conn->unread_ms = idle_ms;
		conn_set_deadline(conn, idle_ms);
	}
	if (!keep_rest(conn, iov, count, put)) {
		conn_mark_cut(conn);
		return CONN_GONE;
	}
	stream_wait_writable(&conn->stream);
	return CONN_SLOW;
}

void conn_end_writing(struct conn *conn)
{
	conn->mute = true;
	if (conn->out.len == 0)
		stream_end_writing(&conn->stream);
}

/* --- for conns ------------------------------------------------------------------------------------------------- */

static void leave(struct conns_link *link)
{
	struct conn *conn = container_of(link, struct conn, link);

	conn->cut |= conn->out.len > 0;
	conn_close(conn);
}

/* The bytes of a request may be in the socket, and the loop not have heard of them yet. */
static void yield(struct conns_link *link)
{
	struct conn *conn = container_of(link, struct conn, link);

	if (stream_peek(&conn->stream) > 0)
		conns_wake(conn->conns, link);
	else
		conn_close(conn);
}

static void last_call(struct conns_link *link)
{
	struct conn *conn = container_of(link, struct conn, link);

	if (conn->resting)
		conn_set_deadline_at(conn, clock_us() + LAST_CALL_US);
}

static const struct conns_ops ops = {.leave = leave, .yield = yield, .last_call = last_call};

/* --- the beginning --------------------------------------------------------------------------------------------- */

void conn_open(struct conn *conn, const struct conn_kind *kind, struct conns *conns, const struct conn_socket *socket)
{
	const struct conns_settings *settings = conns_settings(conns);

	clock_us(); /* its first deadline is from now */
	conn->kind = kind;
	conn->conns = conns;
	conn->misplaced = socket->misplaced;
	conn->spent_us = socket->spent_us;
	conn->deferred.run = on_deferred;
	buf_init(&conn->out, OUTPUT_MAX);
	deadline_add(settings->deadlines, &conn->deadline, on_deadline);
	conn_rest(conn);
	stream_open(&conn->stream,
	            &(struct stream_socket){.base = settings->base,
	                                    .priority = LOOP_CLIENTS,
	                                    .fd = socket->fd,
	                                    .kind = socket->tls != NULL ? &stream_tls : &stream_plain,
	                                    .inner = socket->tls},
	            &stream_owner, conn);
	stream_resume(&conn->stream);
	peer_read(&conn->peer, conns, socket->peer, socket->heralded);
	conn->peer.tls = socket->tls != NULL ? tls_version(socket->tls) : NULL;
	conns_add(conns, &conn->link, &ops);
}
