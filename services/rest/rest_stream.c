/* rest_stream: replies in pieces: the next one is asked for when the client has taken the last. */
#include "services/rest/rest_internal.h"

#include <assert.h>
#include <event2/buffer.h>

/* length -1: not known */
static void stream_begin(struct rest_request *request, int status, const char *type, int64_t length)
{
	struct rest_head_text head;

	assert(request->reply == REST_UNANSWERED && request->conn != NULL);
	request->reply = REST_STREAMING;
	request->reply_chunked = length < 0 && request->minor >= 1;
	if (length < 0 && !request->reply_chunked)
		request->close = true; /* the end of the body is the end of the connection */
	rest_reply_begin(request, &head, status, length, type);
	evbuffer_add(bufferevent_get_output(rest_link_bev(request->conn)), head.data, head.len);
}

void rest_stream_begin(struct rest_request *request, int status, void (*on_ready)(void *arg), void *arg)
{
	request->on_ready = on_ready;
	request->on_ready_arg = arg;
	stream_begin(request, status, REST_JSON, -1);
}

void rest_stream_begin_content(struct rest_request *request, int status, const char *type, size_t length,
                               void (*on_ready)(void *arg), void *arg)
{
	request->on_ready = on_ready;
	request->on_ready_arg = arg;
	stream_begin(request, status, type, (int64_t)length);
}

void rest_stream_write(struct rest_request *request, struct buf *piece)
{
	assert(request->reply == REST_STREAMING && piece->len > 0);
	if (request->conn == NULL) {
		buf_clear(piece);
		return;
	}
	request->ready_due = true;
	if (request->method != HTTP_HEAD_METHOD) {
		struct evbuffer *out = bufferevent_get_output(rest_link_bev(request->conn));
		if (request->reply_chunked)
			evbuffer_add_printf(out, "%zx\r\n", piece->len);
		rest_reply_hand_over(out, piece);
		if (request->reply_chunked)
			evbuffer_add(out, "\r\n", 2);
	}
	buf_clear(piece);
	rest_link_wake(request->conn);
}

void rest_reply_ready(struct rest_request *request)
{
	if (request->reply != REST_STREAMING || !request->ready_due)
		return;
	request->ready_due = false;
	request->on_ready(request->on_ready_arg);
}

static void stream_cut(struct rest_request *request)
{
	struct rest_conn *conn = request->conn;

	request->with_handler = false; /* so that the connection takes it along */
	rest_link_close(conn);
}

void rest_stream_end(struct rest_request *request, bool complete)
{
	assert(request->reply == REST_STREAMING);
	if (request->conn != NULL && !complete) {
		stream_cut(request);
		return;
	}
	if (request->conn != NULL) {
		struct bufferevent *bev = rest_link_bev(request->conn);
		if (request->reply_chunked && request->method != HTTP_HEAD_METHOD)
			evbuffer_add(bufferevent_get_output(bev), "0\r\n\r\n", 5);
		rest_link_wake(request->conn);
	}
	rest_reply_finish(request);
}
