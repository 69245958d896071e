/* http1_evhttp_reply: replies are written to the socket beside evhttp, as long as its output is empty; then evhttp is told that
 * the request is over, frees it, and closes the connection or waits for the next one.
 */
#include "orchestrator/proxy/http1_evhttp_reply.h"

#include "common/clock.h"
#include "common/container_of.h"
#include "common/mem.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define OUTPUT_MAX 1048576 /* what one turn may leave unwritten; sources stop at the first byte */
#define SILENT_US 50000    /* the next request of a busy client comes sooner */

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

static struct evturn *mine(struct turn *turn)
{
	return container_of(turn, struct evturn, framed.turn);
}

static enum turn_write write_parts(struct turn *turn, const struct iovec *iov, int count)
{
	return evconn_write(mine(turn)->evconn, iov, count, turn->idle_ms);
}

struct evturn *evconn_begin_turn(struct evconn *evconn)
{
	const struct config *config = evconn_config(evconn);
	struct evturn *turn = mem_zero(sizeof(*turn));

	request_init(&turn->framed.request, 2 * (size_t)config->max_head_bytes + 4096, (size_t)config->max_body_bytes);
	http1_frame_init(&turn->framed.frame);
	turn_init(&turn->framed.turn, &kind, &turn->framed.request, &evconn->peer);
	turn_set_user(&turn->framed.turn, NULL, NULL, config->idle_timeout_ms); /* until somebody answers */
	turn->framed.conns = evconn->kind->conns;
	turn->framed.write = write_parts;
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
	request_clear(&turn->framed.request);
	http1_frame_clear(&turn->framed.frame);
	free(turn);
	evconn->turn = NULL;
}

/* --- the end of a reply ---------------------------------------------------------------------------------------- */

void evconn_finish(struct evconn *evconn)
{
	struct evhttp_request *asked = evconn->turn->asked;

	if (evconn->turn->framed.frame.close)
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

/* --- refusals -------------------------------------------------------------------------------------------------- */

void evconn_refuse(struct evconn *evconn, int status, const char *detail, const struct http1_line *line)
{
	const struct conns_settings *settings = conns_settings(evconn->kind->conns);
	struct http1_refusal refusal;

	http1_refusal_make(&refusal, evconn->turn != NULL ? &evconn->turn->framed : NULL, &evconn->peer, status, detail,
	                   line);
	if (refusal.out.len > 0)
		evconn_write(evconn, &(struct iovec){refusal.out.data, refusal.out.len}, 1,
		             evconn_config(evconn)->idle_timeout_ms);
	buf_clear(&refusal.out);
	settings->on_refused(&refusal.told, settings->arg);
	evconn_close(evconn);
}

/* --- tunnels --------------------------------------------------------------------------------------------------- */

static void tunnel(struct turn *turn)
{
	struct evconn *evconn = mine(turn)->evconn;

	evconn->state = EVCONN_TUNNEL;
	mine(turn)->framed.frame.close = true;
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
        .pause = pause_reading,
        .resume = resume_reading,
};
