/* http1_evhttp_reply: replies are written to the socket beside evhttp, as long as its output is empty; then evhttp is told that
 * the request is over, frees it, and closes the connection or waits for the next one.
 */
#include "orchestrator/proxy/http1_evhttp_reply.h"

#include "common/clock.h"
#include "common/container_of.h"
#include "common/mem.h"
#include "orchestrator/proxy/problem.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define OUTPUT_MAX 1048576 /* what one turn may leave unwritten; sources stop at the first byte */
#define PROBLEM_MAX 32768
#define SILENT_US 50000 /* the next request of a busy client comes sooner */

/* --- the connection -------------------------------------------------------------------------------------------- */

void evconn_adopt(struct evconn *evconn)
{
	const struct evconn_calls *ours = &evconn->kind->ours;

	bufferevent_setcb(evconn->bev, ours->on_read, ours->on_written, ours->on_event, evconn);
}

/* evhttp_connection_free says shutdown to the number that its socket had: to an orderly end, which a cut is not. */
static void reset_socket(struct evconn *evconn)
{
	struct linger reset = {.l_onoff = 1, .l_linger = 0};

	setsockopt(evconn->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	bufferevent_setfd(evconn->bev, -1);
	close(evconn->fd);
}

void evconn_close(struct evconn *evconn)
{
	if (evconn->over)
		return;
	if (evconn->cut)
		reset_socket(evconn);
	evhttp_connection_free(evconn->evcon); /* and tells us, as of every other end */
}

void evconn_mark_broken(struct evconn *evconn, bool cut)
{
	evconn->broken = true;
	evconn->cut |= cut;
	defer_call(conns_settings(evconn->kind->conns)->defer, &evconn->deferred);
}

void evconn_rest(struct evconn *evconn)
{
	evconn->state = EVCONN_IDLE;
	evconn->resting = true;
	evconn->rested_at_us = clock_recent_us();
	deadline_set(&evconn->deadline, evconn->rested_at_us + SILENT_US);
}

static struct evbuffer *output_of(const struct evconn *evconn)
{
	return bufferevent_get_output(evconn->bev);
}

static bool keep_rest(struct evbuffer *output, const struct iovec *iov, int count, size_t skip)
{
	for (int i = 0; i < count; i++) {
		size_t from = skip < iov[i].iov_len ? skip : iov[i].iov_len;
		skip -= from;
		mem_must(evbuffer_add(output, (const char *)iov[i].iov_base + from, iov[i].iov_len - from) == 0 ? output
		                                                                                                : NULL);
	}
	return evbuffer_get_length(output) <= OUTPUT_MAX;
}

enum turn_write evconn_write(struct evconn *evconn, const struct iovec *iov, int count, int64_t idle_ms)
{
	struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = (size_t)count};
	struct evbuffer *output;
	size_t whole = 0, put = 0;

	if (evconn_is_gone(evconn))
		return TURN_GONE;
	output = output_of(evconn);
	for (int i = 0; i < count; i++)
		whole += iov[i].iov_len;
	if (evbuffer_get_length(output) == 0) {
		ssize_t result = sendmsg(evconn->fd, &message, MSG_NOSIGNAL);
		if (result == -1 && errno != EAGAIN && errno != EINTR) {
			evconn_mark_broken(evconn, false);
			return TURN_GONE;
		}
		put = result > 0 ? (size_t)result : 0;
		if (put == whole)
			return TURN_SENT;
		deadline_set(&evconn->deadline, clock_recent_us() + idle_ms * 1000);
	}
	if (!keep_rest(output, iov, count, put)) {
		evconn_mark_broken(evconn, true);
		return TURN_GONE;
	}
	evconn->unread = evbuffer_get_length(output);
	bufferevent_enable(evconn->bev, EV_WRITE);
	return TURN_SLOW;
}

/* --- turns ----------------------------------------------------------------------------------------------------- */

static const struct turn_kind kind;

struct evturn *evconn_begin_turn(struct evconn *evconn)
{
	const struct config *config = evconn_config(evconn);
	struct evturn *turn = mem_zero(sizeof(*turn));

	request_init(&turn->request, 2 * (size_t)config->max_head_bytes + 4096, (size_t)config->max_body_bytes);
	http1_frame_init(&turn->frame);
	turn_init(&turn->turn, &kind, &turn->request, evconn->address);
	turn_set_user(&turn->turn, NULL, NULL, config->idle_timeout_ms); /* until somebody answers */
	turn->evconn = evconn;
	evconn->turn = turn;
	conns_begin_turn(evconn->kind->conns);
	return turn;
}

void evconn_drop_turn(struct evconn *evconn)
{
	struct evturn *turn = evconn->turn;

	if (turn == NULL)
		return;
	body_end(&evconn->body);
	conns_release(evconn->kind->conns, evconn->body.bytes);
	evconn->body.bytes = 0;
	conns_end_turn(evconn->kind->conns);
	request_clear(&turn->request);
	http1_frame_clear(&turn->frame);
	free(turn);
	evconn->turn = NULL;
}

static struct evturn *mine(struct turn *turn)
{
	return container_of(turn, struct evturn, turn);
}

/* --- the end of a reply ---------------------------------------------------------------------------------------- */

void evconn_finish(struct evconn *evconn)
{
	struct evhttp_request *asked = evconn->turn->asked;

	if (evconn->turn->frame.close)
		evhttp_add_header(evhttp_request_get_output_headers(asked), "Connection", "close");
	evconn_drop_turn(evconn);
	evconn->state = EVCONN_IDLE;
	evhttp_send_reply_end(asked);
	if (evconn->over)
		return;
	evconn_adopt(evconn);
	evconn_rest(evconn);
	if (evconn->input.len > 0)
		defer_call(conns_settings(evconn->kind->conns)->defer, &evconn->deferred);
}

static void end(struct turn *turn)
{
	struct evconn *evconn = mine(turn)->evconn;

	turn_drop_user(turn);
	if (evconn_is_gone(evconn))
		return;
	if (evbuffer_get_length(output_of(evconn)) > 0)
		mine(turn)->ending = true;
	else
		evconn_finish(evconn);
}

static void abort_reply(struct turn *turn)
{
	turn_drop_user(turn);
	if (!mine(turn)->evconn->over)
		evconn_mark_broken(mine(turn)->evconn, true);
}

/* --- bytes ----------------------------------------------------------------------------------------------------- */

static enum turn_write send_piece(struct turn *turn, struct http_text piece)
{
	struct evturn *self = mine(turn);
	struct http1_parts parts;

	http1_frame_parts(&self->frame, piece, &parts);
	if (parts.len == 0)
		return TURN_SENT;
	turn_note_sent(turn, parts.len);
	enum turn_write written = evconn_write(self->evconn, parts.iov, parts.count, turn->idle_ms);
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

static bool is_draining(const struct evturn *turn)
{
	return conns_is_draining(turn->evconn->kind->conns);
}

static bool head_of_reply(struct turn *turn, const struct http_head *head)
{
	struct evturn *self = mine(turn);

	return http1_frame_head(&self->frame, head, self->request.method, is_draining(self));
}

static enum turn_write interim(struct turn *turn, const struct http_head *head)
{
	struct evturn *self = mine(turn);
	const struct buf *kept = &self->frame.kept;

	if (!http1_frame_interim(&self->frame, head))
		return TURN_SENT;
	enum turn_write written = evconn_write(self->evconn, &(struct iovec){kept->data, kept->len}, 1, turn->idle_ms);
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

static void answer(struct turn *turn, struct problem *problem)
{
	struct evturn *self = mine(turn);
	struct buf out;

	buf_init(&out, PROBLEM_MAX);
	if (http1_frame_problem(&self->frame, &self->request, is_draining(self), problem, &out)) {
		turn_note_sent(turn, out.len);
		evconn_write(self->evconn, &(struct iovec){out.data, out.len}, 1, turn->idle_ms);
	}
	buf_clear(&out);
	end(turn);
}

void evconn_refuse(struct evconn *evconn, int status, const char *detail, const struct http1_line *line)
{
	char id[FORWARD_ID_SIZE];
	struct http1_line own;
	struct problem problem = {.status = status, .detail = detail, .request_id = id, .close = true};
	const struct conns_settings *settings = conns_settings(evconn->kind->conns);
	struct buf out;

	if (evconn->turn != NULL)
		problem.request_id = evconn->turn->request.id;
	else
		forward_new_id(id); /* nobody could read whether it has one */
	if (line == NULL) {
		own = http1_line_of_request(&evconn->turn->request);
		line = &own;
	}
	problem.head_only = line->head_only;
	buf_init(&out, PROBLEM_MAX);
	if (problem_write(&out, &problem))
		evconn_write(evconn, &(struct iovec){out.data, out.len}, 1, evconn_config(evconn)->idle_timeout_ms);
	buf_clear(&out);
	settings->on_refused(&(struct conns_refused){.address = evconn->address,
	                                             .request_id = problem.request_id,
	                                             .method = line->method,
	                                             .target = line->target,
	                                             .status = status},
	                     settings->arg);
	evconn_close(evconn);
}

/* --- tunnels --------------------------------------------------------------------------------------------------- */

static void tunnel(struct turn *turn)
{
	struct evconn *evconn = mine(turn)->evconn;

	evconn->state = EVCONN_TUNNEL;
	mine(turn)->frame.close = true;
	if (evconn->input.len > 0)
		turn_tell_bytes(turn, evconn->input.data, evconn->input.len);
	buf_reset(&evconn->input);
}

static void end_writing(struct turn *turn)
{
	struct evconn *evconn = mine(turn)->evconn;

	evconn->mute = true;
	if (evbuffer_get_length(output_of(evconn)) == 0)
		shutdown(evconn->fd, SHUT_WR);
}

static void pause_reading(struct turn *turn)
{
	bufferevent_disable(mine(turn)->evconn->bev, EV_READ);
}

static void resume_reading(struct turn *turn)
{
	if (!evconn_is_gone(mine(turn)->evconn))
		bufferevent_enable(mine(turn)->evconn->bev, EV_READ);
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
        .pause = pause_reading,
        .resume = resume_reading,
};
