/* http1: the life of one connection that speaks HTTP/1.x.
 *
 *   IDLE -> HEAD -> BODY -> BUSY -> IDLE ...      a request is read, answered, the next one is read
 *                            BUSY -> TUNNEL       the protocol was changed
 *   any of the first three -> refused             the reason was sent, the conn lingers
 *
 * Invariant: there is a turn in BODY, BUSY and TUNNEL, and in no other state; none while the conn lingers, whatever the state.
 */
#include "orchestrator/proxy/http1.h"

#include "common/container_of.h"
#include "common/mem.h"
#include "orchestrator/proxy/http1_read.h"
#include "orchestrator/proxy/http1_reply.h"

#include <stdlib.h>

static struct http1 *mine(struct conn *conn)
{
	return container_of(conn, struct http1, conn);
}

static void on_bytes(struct conn *conn, const char *data, size_t len)
{
	http1_take_bytes(mine(conn), data, len);
}

/* What the client asked for is answered, for it may well wait (RFC 9112 section 9.6); what is not whole yet, never will be. */
static void on_ended(struct conn *conn)
{
	struct http1 *http1 = mine(conn);
	bool whole = http1->state == HTTP1_BUSY || http1->state == HTTP1_TUNNEL ||
	             (http1->state == HTTP1_IDLE && http1->input.len > 0);

	if (!whole || conn_config(conn)->half_close == CONFIG_HALF_CLOSE_CANCEL) {
		conn_close(conn);
		return;
	}
	if (http1->state == HTTP1_BUSY && http1->input.len == 0)
		http1->turn->framed.frame.last = true;
	if (http1->state == HTTP1_TUNNEL)
		turn_tell_ended(&http1->turn->framed.turn);
}

static void on_drained(struct conn *conn)
{
	struct http1 *http1 = mine(conn);

	if (http1->state != HTTP1_BUSY && http1->state != HTTP1_TUNNEL)
		return;
	conn_clear_deadline(conn);
	if (http1->turn->ending)
		http1_finish(http1);
	else
		turn_tell_drained(&http1->turn->framed.turn);
}

static void on_deadline(struct conn *conn)
{
	struct http1 *http1 = mine(conn);

	if (http1->state == HTTP1_HEAD)
		http1_refuse_unread(http1, 408, "the request's head did not come in time");
	else if (http1->state == HTTP1_BODY)
		http1_refuse(http1, 408, "the request's body came too slowly", NULL);
}

static void on_later(struct conn *conn)
{
	struct http1 *http1 = mine(conn);

	if (http1->state == HTTP1_IDLE && http1->input.len > 0)
		http1_read_kept(http1);
}

static void on_closed(struct conn *conn)
{
	struct http1 *http1 = mine(conn);

	if (http1->turn != NULL)
		turn_tell_gone(&http1->turn->framed.turn);
	http1_drop_turn(http1);
}

static bool is_listening(const struct conn *conn)
{
	const struct http1 *http1 = container_of(conn, const struct http1, conn);

	return http1->state == HTTP1_HEAD || http1->state == HTTP1_BODY || http1->state == HTTP1_TUNNEL;
}

static bool is_replying(const struct conn *conn)
{
	const struct http1 *http1 = container_of(conn, const struct http1, conn);

	return http1->state == HTTP1_BUSY && http1->turn != NULL && http1->turn->framed.turn.begun;
}

static void free_http1(struct conn *conn)
{
	struct http1 *http1 = mine(conn);

	buf_clear(&http1->input);
	free(http1);
}

static const struct conn_kind kind = {
        .on_bytes = on_bytes,
        .on_ended = on_ended,
        .on_drained = on_drained,
        .on_deadline = on_deadline,
        .on_later = on_later,
        .on_closed = on_closed,
        .is_listening = is_listening,
        .is_replying = is_replying,
        .free = free_http1,
};

void http1_open(struct conns *conns, const struct conn_socket *socket)
{
	struct http1 *http1 = mem_zero(sizeof(*http1));
	int64_t head_max = conns_settings(conns)->config->max_head_bytes;
	struct http_limits limits = {.head_bytes = (uint32_t)head_max, .target_bytes = (uint32_t)head_max / 2};

	buf_init(&http1->input, (size_t)head_max + 2 * HTTP1_INPUT_MAX);
	message_init(&http1->message, MESSAGE_REQUEST, &limits);
	conn_open(&http1->conn, &kind, conns, socket);
}

void http1_free_spares(void)
{
	http1_free_turns();
}
