/* http1_evhttp_read: the gate before evhttp. What comes is taken out of its bufferevent and read strictly; a request that is
 * whole is put back, with a short head, for evhttp to read and to hand over.
 *
 * So evhttp sees nothing that it would refuse or read differently: no target, no chunk (their extensions would be 413), no
 * expectation, no method that it does not know. And nothing is left in the bufferevent behind a request: what evhttp found
 * there when it waits for the next one it would read past the gate.
 */
#include "orchestrator/proxy/http1_evhttp_read.h"

#include "common/clock.h"
#include "common/container_of.h"
#include "common/mem.h"
#include "orchestrator/proxy/http1_evhttp_reply.h"

#include <event2/buffer.h>
#include <stdio.h>

#define SHORT_HEAD_SIZE 128

static const char slowest[] = "the request's body came most slowly, and its room was needed for others";

/* --- to evhttp ------------------------------------------------------------------------------------------------- */

/* Only those that evhttp knows; what it calls the method does not matter otherwise. */
static const char *short_method(const struct request *request)
{
	switch (request->method) {
	case HTTP_GET:
		return "GET";
	case HTTP_HEAD_METHOD:
		return "HEAD";
	case HTTP_PUT:
		return "PUT";
	case HTTP_DELETE:
		return "DELETE";
	case HTTP_OPTIONS:
		return "OPTIONS";
	case HTTP_TRACE:
		return "TRACE";
	default:
		return "POST";
	}
}

static void hand_over(struct evconn *evconn)
{
	const struct evturn *turn = evconn->turn;
	struct evbuffer *input = bufferevent_get_input(evconn->bev);
	size_t body = evconn->content != NULL ? evbuffer_get_length(evconn->content) : 0;
	char text[SHORT_HEAD_SIZE];
	int len = snprintf(text, sizeof(text), "%s / HTTP/1.%d\r\nContent-Length: %zu\r\nConnection: %s\r\n\r\n",
	                   short_method(&turn->framed.request), turn->framed.frame.http_1_0 ? 0 : 1, body,
	                   turn->framed.frame.last ? "close" : "keep-alive");

	evbuffer_unfreeze(input, 0); /* a socket's input buffer takes bytes from its own reads only */
	mem_must(evbuffer_add(input, text, (size_t)len) == 0 ? input : NULL);
	if (body > 0)
		mem_must(evbuffer_add_buffer(input, evconn->content) == 0 ? input : NULL);
	evbuffer_freeze(input, 0);
	evconn->handed = false;
	evconn->kind->evhttps.on_read(evconn->bev, evconn->evcon); /* calls back before it returns */
	if (!evconn->handed && !evconn->over)
		evconn_mark_broken(evconn, true); /* cannot be: evhttp takes every short head */
}

/* --- heads ----------------------------------------------------------------------------------------------------- */

static void refuse_bytes(struct evconn *evconn, int status, const char *detail, const char *data, size_t len)
{
	struct http1_line line = http1_line_read(data, len);

	evconn_refuse(evconn, status, detail, evconn->turn == NULL ? &line : NULL);
}

void evconn_refuse_unread(struct evconn *evconn, int status, const char *detail)
{
	refuse_bytes(evconn, status, detail, evconn->input.data, evconn->input.len);
}

static void refuse_head(struct evconn *evconn, const struct http_head *head, int status, const char *detail)
{
	struct http1_line line = http1_line_of_head(head);

	evconn_refuse(evconn, status, detail, &line);
}

static void evict(struct body *body)
{
	evconn_refuse(container_of(body, struct evconn, body), 408, slowest, NULL);
}

static void expect_body(struct evconn *evconn)
{
	int64_t idle_us = evconn_config(evconn)->idle_timeout_ms * 1000;

	deadline_set(&evconn->deadline, body_due_us(&evconn->body, idle_us, clock_recent_us()));
}

static void send_continue(struct evconn *evconn)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";

	evconn_write(evconn, &(struct iovec){(char *)(uintptr_t)text, sizeof(text) - 1}, 1,
	             evconn_config(evconn)->idle_timeout_ms);
}

static bool take_head(struct evconn *evconn, const struct http_head *head, size_t left)
{
	struct evturn *turn = evconn_begin_turn(evconn);
	struct gate_verdict verdict =
	        request_take_head(&turn->framed.request, head, &evconn->peer, evconn_config(evconn)->max_body_bytes);

	if (verdict.status != 0) {
		refuse_head(evconn, head, verdict.status, verdict.text);
		return false;
	}
	turn->framed.frame.http_1_0 = head->minor == 0;
	turn->framed.frame.last = head->close;
	if (head->chunked || head->content_length > 0) {
		evconn->state = EVCONN_BODY;
		body_begin(conns_bodies(evconn->kind->conns), &evconn->body, evict, clock_recent_us());
		expect_body(evconn);
		if (evconn->content == NULL)
			evconn->content = mem_must(evbuffer_new());
		if (head->expect_continue && left == 0 && head->minor == 1)
			send_continue(evconn);
		return true;
	}
	if (request_end_head(&turn->framed.request, head))
		return true;
	refuse_head(evconn, head, 431, request_too_large);
	return false;
}

/* --- bodies ---------------------------------------------------------------------------------------------------- */

static bool take_body(struct evconn *evconn, struct http_text piece)
{
	int64_t most = evconn_config(evconn)->max_body_bytes;

	switch (conns_buffer(evconn->kind->conns, piece.len, &evconn->body)) {
	case CONNS_ROOM:
		break;
	case CONNS_SLOWEST:
		evconn_refuse(evconn, 408, slowest, NULL);
		return false;
	case CONNS_FULL:
		evconn_refuse(evconn, 503, "too many request bodies are held at the moment", NULL);
		return false;
	}
	body_grow(&evconn->body, piece.len, clock_recent_us());
	expect_body(evconn);
	if (evconn->body.bytes <= most) {
		mem_must(evbuffer_add(evconn->content, piece.data, piece.len) == 0 ? evconn->content : NULL);
		return true;
	}
	evconn_refuse(evconn, 413, "the body is longer than this server takes", NULL);
	return false;
}

/* --- messages -------------------------------------------------------------------------------------------------- */

static void begin_message(struct evconn *evconn)
{
	evconn->state = EVCONN_HEAD;
	evconn->resting = false;
	conns_wake(evconn->kind->conns, &evconn->link);
	message_start(&evconn->message, HTTP_GET);
	deadline_set(&evconn->deadline, clock_recent_us() + evconn_config(evconn)->head_timeout_ms * 1000);
}

enum read_result { READ_MORE, READ_REQUEST, READ_REFUSED };

/* Reads on in the current message; *used bytes need not be kept. */
static enum read_result read_message(struct evconn *evconn, const char *data, size_t len, size_t *used)
{
	struct http_head head;

	*used = 0;
	if (evconn->state == EVCONN_IDLE && len > 0)
		begin_message(evconn);
	for (;;) {
		size_t step = 0;
		struct http_text piece = {NULL, 0};
		enum http_fault fault = HTTP_FAULT_NONE;
		enum message_event event =
		        message_next(&evconn->message, data + *used, len - *used, &step, &head, &piece, &fault);
		*used += step;
		switch (event) {
		case MESSAGE_MORE:
			return READ_MORE;
		case MESSAGE_HEAD:
			if (!take_head(evconn, &head, len - *used))
				return READ_REFUSED;
			break;
		case MESSAGE_BODY:
			if (!take_body(evconn, piece))
				return READ_REFUSED;
			break;
		case MESSAGE_END:
			return READ_REQUEST;
		case MESSAGE_BAD:
			refuse_bytes(evconn, http_fault_status(fault), http_fault_text(fault), data + *used,
			             len - *used);
			return READ_REFUSED;
		}
	}
}

static void keep_input(struct evconn *evconn, const char *data, size_t len)
{
	if (len == 0)
		return;
	if (!buf_add(&evconn->input, data, len))
		evconn_mark_broken(evconn, false); /* it sends on although reading stopped long ago: cannot be */
	else if (evconn->state == EVCONN_BUSY && evconn->input.len > EVCONN_INPUT_MAX)
		bufferevent_disable(evconn->bev, EV_READ);
}

static void read_input(struct evconn *evconn, const char *data, size_t len)
{
	size_t used;
	enum read_result result;

	if (evconn->input.len == 0) {
		result = read_message(evconn, data, len, &used);
		if (result != READ_REFUSED)
			keep_input(evconn, data + used, len - used);
	} else {
		keep_input(evconn, data, len);
		result = read_message(evconn, evconn->input.data, evconn->input.len, &used);
		if (result != READ_REFUSED)
			buf_drop(&evconn->input, used);
	}
	if (result == READ_REQUEST)
		hand_over(evconn);
}

void evconn_take_bytes(struct evconn *evconn, const char *data, size_t len)
{
	switch (evconn->state) {
	case EVCONN_IDLE:
	case EVCONN_HEAD:
	case EVCONN_BODY:
		read_input(evconn, data, len);
		break;
	case EVCONN_BUSY:
		keep_input(evconn, data, len);
		break;
	case EVCONN_TUNNEL:
		if (evconn->turn != NULL)
			turn_tell_bytes(&evconn->turn->framed.turn, data, len);
		break;
	}
}

void evconn_read_kept(struct evconn *evconn)
{
	size_t used;
	enum read_result result = read_message(evconn, evconn->input.data, evconn->input.len, &used);

	if (result == READ_REFUSED)
		return;
	buf_drop(&evconn->input, used);
	if (result == READ_REQUEST)
		hand_over(evconn);
}
