/* upstream_read: a reply's bytes, told to the reader event by event; and what the end of the connection means. */
#include "orchestrator/wire/upstream_private.h"

#include <errno.h>

#define INTERIMS_MAX 32 /* 1xx replies to one request */
#define READS 4         /* in one turn, so that others get theirs */

static enum upstream_failure failure_of(const struct upstream *upstream)
{
	if (upstream->state == UPSTREAM_CONNECTING)
		return UPSTREAM_CONNECT;
	if (upstream->got_head)
		return UPSTREAM_CUT;
	return upstream->reused && !upstream->got_bytes ? UPSTREAM_STALE : UPSTREAM_BROKEN;
}

/* The reply is complete. surplus: bytes behind it, which no request asked for. */
static void finish(struct upstream *upstream, size_t surplus)
{
	struct upstream_reader reader = upstream->reader;
	void *arg = upstream->arg;
	struct http_text trailers = {upstream->trailers.data, (uint32_t)upstream->trailers.len};

	if (upstream->upgraded) {
		reader.on_done(trailers, arg);
		upstream_end(upstream);
		return;
	}
	if (upstream->keep && surplus == 0 && upstream->written == upstream_request_len(upstream))
		upstream_pool_keep(upstream);
	else
		upstream_end(upstream);
	reader.on_done(trailers, arg);
}

/* False: more interim replies than anybody needs, and each would give it more time. */
static bool take_head(struct upstream *upstream, const struct http_head *head)
{
	bool final = head->status >= 200 || head->status == 101;

	if (!final && ++upstream->interims > INTERIMS_MAX)
		return false;
	if (final) {
		upstream->got_head = true;
		upstream->keep = !head->close;
		upstream->upgraded = head->status == 101;
		upstream->bodiless =
		        upstream->request.method == HTTP_HEAD_METHOD || head->status == 204 || head->status == 304;
	}
	upstream_expect_progress(upstream);
	upstream->reader.on_head(head, upstream->arg);
	return true;
}

/* Gives data to the reader event by event; returns how many bytes need not be kept. */
static size_t deliver(struct upstream *upstream, const char *data, size_t len)
{
	size_t at = 0, used = 0;
	struct http_text piece = {NULL, 0};
	struct http_head head; /* whole before it is looked at */
	enum http_fault fault = HTTP_FAULT_NONE;

	while (upstream->state == UPSTREAM_BUSY) {
		enum message_event event =
		        message_next(&upstream->message, data + at, len - at, &used, &head, &piece, &fault);
		at += used;
		switch (event) {
		case MESSAGE_MORE:
			return at;
		case MESSAGE_HEAD:
			if (!take_head(upstream, &head)) {
				upstream->broke = "follows more interim replies (1xx) than anybody needs";
				upstream_fail(upstream, UPSTREAM_MALFORMED);
				return len;
			}
			break;
		case MESSAGE_BODY:
			upstream->reader.on_body(piece.data, piece.len, upstream->arg);
			break;
		case MESSAGE_END:
			if (upstream->upgraded && at < len)
				upstream->reader.on_body(data + at, len - at, upstream->arg);
			if (upstream->state == UPSTREAM_BUSY)
				finish(upstream, len - at);
			return len;
		case MESSAGE_BAD:
			upstream->broke = http_fault_reply(fault);
			upstream->fault = fault;
			upstream->begun = (struct http_text){data + at, (uint32_t)(len - at)};
			upstream_fail(upstream, upstream->got_head ? UPSTREAM_CUT : UPSTREAM_MALFORMED);
			return len;
		}
	}
	return len;
}

static void note_life(struct upstream *upstream)
{
	int64_t now_us = clock_recent_us();

	if (upstream->pulse == NULL) { /* then nobody waits for it */
		upstream->got_bytes = true;
		return;
	}
	pulse_hear(upstream->pulse, now_us);
	if (upstream->got_bytes)
		return;
	upstream->got_bytes = true;
	if (upstream->waiting)
		pulse_measure(upstream->pulse, now_us - upstream->sent_us);
	upstream_stop_waiting(upstream);
}

static void fail_long(struct upstream *upstream)
{
	upstream->fault = HTTP_FAULT_HEAD_LONG;
	upstream->broke = http_fault_reply(upstream->fault);
	upstream_fail(upstream, UPSTREAM_MALFORMED);
}

static void take_bytes(struct upstream *upstream, const char *data, size_t len)
{
	note_life(upstream);
	if (upstream->got_head) /* a head has one deadline, however slowly its bytes drip in */
		upstream_expect_progress(upstream);
	if (upstream->partial.len == 0) {
		size_t used = deliver(upstream, data, len);
		if (upstream->state == UPSTREAM_BUSY && used < len &&
		    !buf_add(&upstream->partial, data + used, len - used))
			fail_long(upstream);
		return;
	}
	if (!buf_add(&upstream->partial, data, len)) {
		fail_long(upstream);
		return;
	}
	size_t used = deliver(upstream, upstream->partial.data, upstream->partial.len);
	buf_drop(&upstream->partial, used);
}

/* problem: the socket's error; 0: the server has closed the connection. */
static void on_end_of_stream(struct upstream *upstream, int problem)
{
	if (problem == 0 && upstream->got_head && message_close(&upstream->message)) {
		upstream->keep = false;
		finish(upstream, 0);
		return;
	}
	if (upstream->got_head)
		upstream->broke = "ended before its body was whole (RFC 9112 section 8)";
	upstream->error = problem;
	upstream_fail(upstream, failure_of(upstream));
}

/* got: what the stream said; there is something, or its end. */
static void take(struct upstream *upstream, const char *data, ssize_t got)
{
	if (got > 0 && upstream->state == UPSTREAM_BUSY)
		take_bytes(upstream, data, (size_t)got);
	else if (got > 0 || upstream->state == UPSTREAM_IDLE)
		upstream_end(upstream); /* bytes nobody asked for, or an idle connection's end */
	else
		on_end_of_stream(upstream, got == 0 ? 0 : errno);
}

/* A reset that came along with data is told by nothing but the next read: where more is to come it is looked for. */
void upstream_on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct upstream *upstream = arg;
	char scratch[UPSTREAM_SCRATCH_BYTES];

	(void)fd;
	clock_us(); /* for all clock_recent_us below */
	for (int i = 0; i < READS; i++) {
		ssize_t got = stream_read(&upstream->stream, scratch, sizeof(scratch));
		if (got == -1 && errno == EAGAIN)
			return;
		take(upstream, scratch, got);
		if (upstream->state == UPSTREAM_OVER || upstream->paused)
			return;
		if (upstream->state == UPSTREAM_IDLE && (what & EV_CLOSED) == 0 &&
		    stream_is_drained(&upstream->stream, got, sizeof(scratch)))
			return;
	}
	stream_read_later(&upstream->stream); /* the others' turn */
}
