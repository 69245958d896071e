/* http1_reply: turns, the replies to them, and what follows a reply's end. Bytes are http1_frame's. */
#include "orchestrator/proxy/http1_reply.h"

#include "common/container_of.h"
#include "common/mem.h"

#include <stdlib.h>

#define SPARES_MAX 64

static struct http1_turn *spares[SPARES_MAX]; /* with their heads' memory, since every request needs one */
static unsigned spare_count;

/* --- turns ----------------------------------------------------------------------------------------------------- */

static struct http1_turn *alloc_turn(size_t head_max, size_t body_max)
{
	if (spare_count > 0) {
		struct http1_turn *spare = spares[--spare_count];
		request_reset(&spare->framed.request, head_max, body_max);
		return spare;
	}
	struct http1_turn *made = mem_zero(sizeof(*made));
	request_init(&made->framed.request, head_max, body_max);
	http1_frame_init(&made->framed.frame);
	return made;
}

static void free_memory(struct http1_turn *turn)
{
	request_clear(&turn->framed.request);
	http1_frame_clear(&turn->framed.frame);
	free(turn);
}

static void free_turn(struct http1_turn *turn)
{
	if (spare_count == SPARES_MAX || !http1_frame_is_spare(&turn->framed.frame)) {
		free_memory(turn);
		return;
	}
	buf_clear(&turn->framed.request.body);
	spares[spare_count++] = turn;
}

void http1_free_turns(void)
{
	while (spare_count > 0)
		free_memory(spares[--spare_count]);
}

static const struct turn_kind kind;

static struct http1_turn *mine(struct turn *turn)
{
	return container_of(turn, struct http1_turn, framed.turn);
}

static enum turn_write write_parts(struct turn *turn, const struct iovec *iov, int count)
{
	switch (conn_write(&mine(turn)->http1->conn, iov, count, turn->idle_ms)) {
	case CONN_SENT:
		return TURN_SENT;
	case CONN_SLOW:
		return TURN_SLOW;
	case CONN_GONE:
		break;
	}
	return TURN_GONE;
}

struct http1_turn *http1_begin_turn(struct http1 *http1)
{
	const struct config *config = conn_config(&http1->conn);
	struct http1_turn *turn = alloc_turn(2 * (size_t)config->max_head_bytes + 4096, (size_t)config->max_body_bytes);

	turn_init(&turn->framed.turn, &kind, &turn->framed.request, &http1->conn.peer);
	turn_set_user(&turn->framed.turn, NULL, NULL, config->idle_timeout_ms); /* until somebody answers */
	turn->http1 = http1;
	turn->ending = false;
	turn->framed.conns = http1->conn.conns;
	turn->framed.write = write_parts;
	http1_frame_reset(&turn->framed.frame, http1->conn.peer.tls != NULL ? config->tls.hsts_s : 0);
	http1->turn = turn;
	conns_begin_turn(http1->conn.conns);
	return turn;
}

void http1_drop_turn(struct http1 *http1)
{
	if (http1->turn == NULL)
		return;
	body_end(&http1->body);
	conns_release(http1->conn.conns, http1->body.bytes);
	http1->body.bytes = 0;
	conns_end_turn(http1->conn.conns);
	free_turn(http1->turn);
	http1->turn = NULL;
}

/* --- the end of a reply ---------------------------------------------------------------------------------------- */

void http1_finish(struct http1 *http1)
{
	struct conn *conn = &http1->conn;
	bool close = http1->turn->framed.frame.close;

	http1_drop_turn(http1);
	if (close && (http1->input.len > 0 || conn_is_paused(conn))) {
		buf_clear(&http1->input);
		conn_linger(conn);
		return;
	}
	if (close || (conn->ended && http1->input.len == 0)) {
		conn_close(conn);
		return;
	}
	http1->state = HTTP1_IDLE;
	conn_resume(conn);
	conn_shrink(&http1->input);
	conn_rest(conn);
	if (http1->input.len > 0)
		conn_call_later(conn);
}

static void end(struct turn *turn)
{
	struct http1 *http1 = mine(turn)->http1;

	turn_drop_user(turn);
	if (conn_is_gone(&http1->conn))
		return;
	if (http1->conn.out.len > 0)
		http1->turn->ending = true;
	else
		http1_finish(http1);
}

static void abort_reply(struct turn *turn)
{
	struct conn *conn = &mine(turn)->http1->conn;

	turn_drop_user(turn);
	if (!conn->over)
		conn_mark_cut(conn);
}

/* --- refusals -------------------------------------------------------------------------------------------------- */

void http1_refuse(struct http1 *http1, int status, const char *detail, const struct http1_line *line)
{
	const struct conns_settings *settings = conns_settings(http1->conn.conns);
	struct http1_refusal refusal;

	http1_refusal_make(&refusal, http1->turn != NULL ? &http1->turn->framed : NULL, &http1->conn.peer, status,
	                   detail, line);
	if (refusal.out.len > 0)
		conn_write(&http1->conn, &(struct iovec){refusal.out.data, refusal.out.len}, 1,
		           conn_config(&http1->conn)->idle_timeout_ms);
	buf_clear(&refusal.out);
	settings->on_refused(&refusal.told, settings->arg);
	http1_drop_turn(http1);
	buf_clear(&http1->input);
	conn_linger(&http1->conn);
}

/* --- tunnels --------------------------------------------------------------------------------------------------- */

static void tunnel(struct turn *turn)
{
	struct http1 *http1 = mine(turn)->http1;

	http1->state = HTTP1_TUNNEL;
	mine(turn)->framed.frame.close = true;
	if (http1->input.len > 0)
		turn_tell_bytes(turn, http1->input.data, http1->input.len);
	if (http1->turn == NULL) /* that was too much for the tunnel */
		return;
	buf_reset(&http1->input);
	conn_resume(&http1->conn);
	if (http1->conn.ended)
		turn_tell_ended(turn);
}

static void end_writing(struct turn *turn)
{
	conn_end_writing(&mine(turn)->http1->conn);
}

static void pause(struct turn *turn)
{
	conn_pause(&mine(turn)->http1->conn);
}

static void resume(struct turn *turn)
{
	conn_resume(&mine(turn)->http1->conn);
}

static const struct turn_kind kind = {
        .interim = http1_framed_interim,
        .head = http1_framed_head,
        .keep = http1_framed_keep,
        .send = http1_framed_send,
        .flush = http1_framed_flush,
        .take_back = http1_framed_take_back,
        .complete = http1_framed_complete,
        .end = end,
        .answer = http1_framed_answer,
        .abort = abort_reply,
        .tunnel = tunnel,
        .end_writing = end_writing,
        .pause = pause,
        .resume = resume,
};
