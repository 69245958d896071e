/* http1_reply: turns, the replies to them, and what follows a reply's end. Bytes are http1_frame's. */
#include "orchestrator/proxy/http1_reply.h"

#include "common/container_of.h"
#include "common/mem.h"
#include "orchestrator/proxy/problem.h"

#include <stdlib.h>

#define PROBLEM_MAX 32768
#define SPARES_MAX 64

static struct http1_turn *spares[SPARES_MAX]; /* with their heads' memory, since every request needs one */
static unsigned spare_count;

/* --- turns ----------------------------------------------------------------------------------------------------- */

static struct http1_turn *alloc_turn(size_t head_max, size_t body_max)
{
	if (spare_count > 0) {
		struct http1_turn *spare = spares[--spare_count];
		request_reset(&spare->request, head_max, body_max);
		return spare;
	}
	struct http1_turn *made = mem_zero(sizeof(*made));
	request_init(&made->request, head_max, body_max);
	http1_frame_init(&made->frame);
	return made;
}

static void free_memory(struct http1_turn *turn)
{
	request_clear(&turn->request);
	http1_frame_clear(&turn->frame);
	free(turn);
}

static void free_turn(struct http1_turn *turn)
{
	if (spare_count == SPARES_MAX || !http1_frame_is_spare(&turn->frame)) {
		free_memory(turn);
		return;
	}
	buf_clear(&turn->request.body);
	spares[spare_count++] = turn;
}

void http1_free_turns(void)
{
	while (spare_count > 0)
		free_memory(spares[--spare_count]);
}

static const struct turn_kind kind;

struct http1_turn *http1_begin_turn(struct http1 *http1)
{
	const struct config *config = conn_config(&http1->conn);
	struct http1_turn *turn = alloc_turn(2 * (size_t)config->max_head_bytes + 4096, (size_t)config->max_body_bytes);

	turn_init(&turn->turn, &kind, &turn->request, http1->conn.address);
	turn_set_user(&turn->turn, NULL, NULL, config->idle_timeout_ms); /* until somebody answers */
	turn->http1 = http1;
	turn->ending = false;
	http1_frame_reset(&turn->frame);
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

static struct http1_turn *mine(struct turn *turn)
{
	return container_of(turn, struct http1_turn, turn);
}

/* --- the end of a reply ---------------------------------------------------------------------------------------- */

void http1_finish(struct http1 *http1)
{
	struct conn *conn = &http1->conn;
	bool close = http1->turn->frame.close;

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

/* --- bytes ----------------------------------------------------------------------------------------------------- */

static enum turn_write write_parts(struct http1_turn *turn, const struct iovec *iov, int count)
{
	switch (conn_write(&turn->http1->conn, iov, count, turn->turn.idle_ms)) {
	case CONN_SENT:
		return TURN_SENT;
	case CONN_SLOW:
		return TURN_SLOW;
	case CONN_GONE:
		break;
	}
	return TURN_GONE;
}

/* What is kept, and a piece. */
static enum turn_write send_piece(struct turn *turn, struct http_text piece)
{
	struct http1_turn *self = mine(turn);
	struct http1_parts parts;

	http1_frame_parts(&self->frame, piece, &parts);
	if (parts.len == 0)
		return TURN_SENT;
	turn_note_sent(turn, parts.len);
	enum turn_write written = write_parts(self, parts.iov, parts.count);
	http1_frame_sent(&self->frame);
	return written;
}

static enum turn_write flush(struct turn *turn)
{
	return send_piece(turn, (struct http_text){NULL, 0});
}

static bool keep(struct turn *turn, struct http_text piece)
{
	return http1_frame_keep(&mine(turn)->frame, piece);
}

static bool is_draining(const struct http1_turn *turn)
{
	return conns_is_draining(turn->http1->conn.conns);
}

static bool head_of_reply(struct turn *turn, const struct http_head *head)
{
	struct http1_turn *self = mine(turn);

	return http1_frame_head(&self->frame, head, self->request.method, is_draining(self));
}

static enum turn_write interim(struct turn *turn, const struct http_head *head)
{
	struct http1_turn *self = mine(turn);
	struct buf *kept = &self->frame.kept;

	if (!http1_frame_interim(&self->frame, head))
		return TURN_SENT;
	enum turn_write written = write_parts(self, &(struct iovec){kept->data, kept->len}, 1);
	http1_frame_sent(&self->frame);
	return written;
}

static void take_back(struct turn *turn)
{
	buf_reset(&mine(turn)->frame.kept);
}

static bool complete(struct turn *turn, struct http_text trailers)
{
	return http1_frame_complete(&mine(turn)->frame, trailers);
}

/* --- replies of our own ---------------------------------------------------------------------------------------- */

static void answer(struct turn *turn, struct problem *problem)
{
	struct http1_turn *self = mine(turn);
	struct buf out;

	buf_init(&out, PROBLEM_MAX);
	if (http1_frame_problem(&self->frame, &self->request, is_draining(self), problem, &out)) {
		turn_note_sent(turn, out.len);
		write_parts(self, &(struct iovec){out.data, out.len}, 1);
	}
	buf_clear(&out);
	end(turn);
}

static void tell_refused(struct http1 *http1, int status, const char *id, const struct http1_line *line)
{
	const struct conns_settings *settings = conns_settings(http1->conn.conns);
	struct conns_refused refused = {.address = http1->conn.address,
	                                .request_id = id,
	                                .method = line->method,
	                                .target = line->target,
	                                .status = status};

	settings->on_refused(&refused, settings->arg);
}

void http1_refuse(struct http1 *http1, int status, const char *detail, const struct http1_line *line)
{
	char id[FORWARD_ID_SIZE];
	struct http1_line own;
	struct problem problem = {.status = status, .detail = detail, .request_id = id, .close = true};
	struct buf out;

	if (http1->turn != NULL)
		problem.request_id = http1->turn->request.id;
	else
		forward_new_id(id); /* nobody could read whether it has one */
	if (line == NULL) {
		own = http1_line_of_request(&http1->turn->request);
		line = &own;
	}
	problem.head_only = line->head_only;
	buf_init(&out, PROBLEM_MAX);
	if (problem_write(&out, &problem))
		conn_write(&http1->conn, &(struct iovec){out.data, out.len}, 1,
		           conn_config(&http1->conn)->idle_timeout_ms);
	buf_clear(&out);
	tell_refused(http1, status, problem.request_id, line);
	http1_drop_turn(http1);
	buf_clear(&http1->input);
	conn_linger(&http1->conn);
}

/* --- tunnels --------------------------------------------------------------------------------------------------- */

static void tunnel(struct turn *turn)
{
	struct http1 *http1 = mine(turn)->http1;

	http1->state = HTTP1_TUNNEL;
	mine(turn)->frame.close = true;
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
        .interim = interim,
        .head = head_of_reply,
        .keep = keep,
        .send = send_piece,
        .flush = flush,
        .take_back = take_back,
        .complete = complete,
        .end = end,
        .answer = answer,
        .abort = abort_reply,
        .tunnel = tunnel,
        .end_writing = end_writing,
        .pause = pause,
        .resume = resume,
};
