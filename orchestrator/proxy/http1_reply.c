/* http1_reply: a reply's structure becomes bytes of HTTP/1.x (RFC 9112 sections 6 and 7), and what follows its end.
 *
 * A head is kept until the reply may be sent, and body behind it; what may go at once goes beside it without being copied.
 */
#include "orchestrator/proxy/http1_private.h"

#include "common/container_of.h"
#include "common/mem.h"
#include "orchestrator/proxy/http1.h"
#include "orchestrator/proxy/problem.h"

#include <stdio.h>
#include <stdlib.h>

#define KEPT_MAX (4 * 65536) /* a head, a small body, and what one read can bring */
#define COPY_MAX 4096        /* a body up to here is cheaper copied behind its head than sent beside it */
#define PROBLEM_MAX 32768
#define SPARES_MAX 64
#define SPARE_KEPT_MAX 8192

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
	buf_init(&made->kept, KEPT_MAX);
	return made;
}

static void free_memory(struct http1_turn *turn)
{
	request_clear(&turn->request);
	buf_clear(&turn->kept);
	free(turn);
}

static void free_turn(struct http1_turn *turn)
{
	if (spare_count == SPARES_MAX || turn->kept.cap > SPARE_KEPT_MAX) {
		free_memory(turn);
		return;
	}
	buf_clear(&turn->request.body);
	buf_reset(&turn->kept);
	spares[spare_count++] = turn;
}

void http1_free_spares(void)
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
	turn->http1 = http1;
	turn->http_1_0 = turn->last = turn->close = turn->ending = false;
	turn->framing = FORWARD_NO_BODY;
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
	bool close = http1->turn->close;

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

/* Behind what is kept. The first of the parts is left free for that. */
static enum turn_write send_parts(struct http1_turn *turn, struct iovec *iov, int count)
{
	bool alone = turn->kept.len == 0;
	size_t len = 0;

	iov[0] = (struct iovec){turn->kept.data, turn->kept.len};
	for (int i = 0; i < count; i++)
		len += iov[i].iov_len;
	turn_note_sent(&turn->turn, len);
	enum turn_write written = write_parts(turn, alone ? iov + 1 : iov, alone ? count - 1 : count);
	buf_reset(&turn->kept);
	return written;
}

static enum turn_write flush(struct turn *turn)
{
	struct http1_turn *self = mine(turn);
	struct iovec all = {self->kept.data, self->kept.len};

	if (all.iov_len == 0)
		return TURN_SENT;
	turn_note_sent(turn, all.iov_len);
	enum turn_write written = write_parts(self, &all, 1);
	buf_reset(&self->kept);
	return written;
}

#define CHUNK_LINE_SIZE 24

/* A chunk's size, in hex. Returns its length. */
static size_t write_size(char line[CHUNK_LINE_SIZE], size_t len)
{
	return (size_t)snprintf(line, CHUNK_LINE_SIZE, "%zx\r\n", len);
}

static char line_end[] = "\r\n";

static enum turn_write send_chunk(struct http1_turn *turn, struct http_text piece)
{
	char line[CHUNK_LINE_SIZE];
	struct iovec iov[4] = {{NULL, 0},
	                       {line, write_size(line, piece.len)},
	                       {(char *)(uintptr_t)piece.data, piece.len},
	                       {line_end, 2}};

	return send_parts(turn, iov, 4);
}

static enum turn_write send_piece(struct turn *turn, struct http_text piece)
{
	struct http1_turn *self = mine(turn);

	if (self->framing == FORWARD_CHUNKED)
		return send_chunk(self, piece);
	if (self->kept.len > 0 && piece.len <= COPY_MAX && buf_add(&self->kept, piece.data, piece.len))
		return flush(turn);
	struct iovec iov[2] = {{NULL, 0}, {(char *)(uintptr_t)piece.data, piece.len}};
	return send_parts(self, iov, 2);
}

static bool keep(struct turn *turn, struct http_text piece)
{
	struct buf *kept = &mine(turn)->kept;
	char line[CHUNK_LINE_SIZE];

	if (mine(turn)->framing != FORWARD_CHUNKED)
		return buf_add(kept, piece.data, piece.len);
	return buf_add(kept, line, write_size(line, piece.len)) && buf_add(kept, piece.data, piece.len) &&
	       buf_add(kept, line_end, 2);
}

/* --- heads ----------------------------------------------------------------------------------------------------- */

static enum forward_framing framing_for(const struct http1_turn *turn, const struct http_head *head)
{
	if (!http_response_has_body(head, turn->request.method))
		return head->status == 204 || head->status == 101 ? FORWARD_NO_BODY : FORWARD_AS_IS;
	if (head->content_length >= 0)
		return FORWARD_LENGTH;
	return turn->http_1_0 ? FORWARD_UNTIL_CLOSE : FORWARD_CHUNKED;
}

static bool is_draining(const struct http1_turn *turn)
{
	return conns_is_draining(turn->http1->conn.conns);
}

static bool head_of_reply(struct turn *turn, const struct http_head *head)
{
	struct http1_turn *self = mine(turn);

	self->framing = framing_for(self, head);
	self->close = self->last || self->framing == FORWARD_UNTIL_CLOSE || is_draining(self);
	if (forward_reply(&self->kept, head, self->framing, self->close, self->http_1_0))
		return true;
	buf_reset(&self->kept);
	return false;
}

/* 100 was answered by us; HTTP/1.0 has none of them. */
static enum turn_write interim(struct turn *turn, const struct http_head *head)
{
	struct http1_turn *self = mine(turn);
	enum turn_write written = TURN_SENT;

	if (head->status == 100 || self->http_1_0)
		return TURN_SENT;
	if (forward_reply(&self->kept, head, FORWARD_NO_BODY, false, false))
		written = write_parts(self, &(struct iovec){self->kept.data, self->kept.len}, 1);
	buf_reset(&self->kept);
	return written;
}

static void take_back(struct turn *turn)
{
	buf_reset(&mine(turn)->kept);
}

static bool complete(struct turn *turn, struct http_text trailers)
{
	return mine(turn)->framing != FORWARD_CHUNKED || forward_last_chunk(&mine(turn)->kept, trailers);
}

/* --- replies of our own ---------------------------------------------------------------------------------------- */

static void answer(struct turn *turn, struct problem *problem)
{
	struct http1_turn *self = mine(turn);
	struct buf out;

	self->close = problem->close = problem->close || self->last || is_draining(self);
	problem->request_id = self->request.id;
	problem->keep_alive_said = self->http_1_0;
	problem->head_only = self->request.method == HTTP_HEAD_METHOD;
	buf_init(&out, PROBLEM_MAX);
	if (problem_write(&out, problem)) {
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
		const struct request *request = &http1->turn->request;
		own = (struct http1_line){request_method(request), request_target(request),
		                          request->method == HTTP_HEAD_METHOD};
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
	mine(turn)->close = true;
	if (http1->input.len > 0)
		turn_tell_bytes(turn, http1->input.data, http1->input.len);
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
