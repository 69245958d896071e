/* http1_read: bytes in, requests out.
 *
 * Bytes that come while a request is in work wait in `input` (bounded: reading stops above HTTP1_INPUT_MAX).
 */
#include "orchestrator/proxy/http1_read.h"

#include "common/container_of.h"
#include "orchestrator/proxy/http1_reply.h"

#include <assert.h>
#include <string.h>

#define TLS_HANDSHAKE_RECORD 0x16 /* no request begins so; the client could not read an answer in clear */

static const char misplaced[] = "TLS is spoken here: use https";
static const char slowest[] = "the request's body came most slowly, and its room was needed for others";

/* --- heads ----------------------------------------------------------------------------------------------------- */

static void refuse_bytes(struct http1 *http1, int status, const char *detail, const char *data, size_t len)
{
	struct http1_line line = http1_line_read(data, len);

	http1_refuse(http1, status, detail, http1->turn == NULL ? &line : NULL);
}

void http1_refuse_unread(struct http1 *http1, int status, const char *detail)
{
	refuse_bytes(http1, status, detail, http1->input.data, http1->input.len);
}

static void refuse_head(struct http1 *http1, const struct http_head *head, int status, const char *detail)
{
	struct http1_line line = http1_line_of_head(head);

	http1_refuse(http1, status, detail, &line);
}

static void evict(struct body *body)
{
	http1_refuse(container_of(body, struct http1, body), 408, slowest, NULL);
}

static void expect_body(struct http1 *http1)
{
	int64_t idle_us = conn_config(&http1->conn)->idle_timeout_ms * 1000;

	conn_set_deadline_at(&http1->conn, body_due_us(&http1->body, idle_us, clock_recent_us()));
}

static void send_continue(struct http1 *http1)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";

	conn_write(&http1->conn, &(struct iovec){(char *)(uintptr_t)text, sizeof(text) - 1}, 1,
	           conn_config(&http1->conn)->idle_timeout_ms);
}

static bool take_head(struct http1 *http1, const struct http_head *head, size_t left)
{
	const struct conn *conn = &http1->conn;
	bool body_follows = head->chunked || head->content_length > 0;

	if (conn->misplaced) {
		refuse_head(http1, head, 400, misplaced);
		return false;
	}
	struct http1_turn *turn = http1_begin_turn(http1);
	struct gate_verdict verdict =
	        request_take_head(&turn->framed.request, head, &conn->peer, conn_config(conn)->max_body_bytes);

	if (verdict.status != 0) {
		refuse_head(http1, head, verdict.status, verdict.text);
		return false;
	}
	turn->framed.frame.http_1_0 = head->minor == 0;
	turn->framed.frame.last = head->close;
	if (body_follows) {
		http1->state = HTTP1_BODY;
		body_begin(conns_bodies(conn->conns), &http1->body, evict, clock_recent_us());
		expect_body(http1);
		if (head->expect_continue && left == 0 && head->minor == 1)
			send_continue(http1);
		return true;
	}
	/* the head is gone when a body ends: without one, what the head's end needs is written now */
	if (request_end_head(&turn->framed.request, head))
		return true;
	refuse_head(http1, head, 431, request_too_large);
	return false;
}

/* --- bodies, ends ---------------------------------------------------------------------------------------------- */

static bool take_body(struct http1 *http1, struct http_text piece)
{
	switch (conns_buffer(http1->conn.conns, piece.len, &http1->body)) {
	case CONNS_ROOM:
		break;
	case CONNS_SLOWEST:
		http1_refuse(http1, 408, slowest, NULL);
		return false;
	case CONNS_FULL:
		http1_refuse(http1, 503, "too many request bodies are held at the moment", NULL);
		return false;
	}
	body_grow(&http1->body, piece.len, clock_recent_us());
	expect_body(http1);
	if (buf_add(&http1->turn->framed.request.body, piece.data, piece.len))
		return true;
	http1_refuse(http1, 413, "the body is longer than this server takes", NULL);
	return false;
}

static bool end_message(struct http1 *http1)
{
	if (http1->state == HTTP1_BODY) {
		body_end(&http1->body);
		if (!request_end_body(&http1->turn->framed.request)) {
			http1_refuse(http1, 431, request_too_large, NULL);
			return false;
		}
	}
	http1->state = HTTP1_BUSY;
	conn_clear_deadline(&http1->conn);
	return true;
}

/* --- messages -------------------------------------------------------------------------------------------------- */

static void begin_message(struct http1 *http1)
{
	http1->state = HTTP1_HEAD;
	conn_wake(&http1->conn);
	message_start(&http1->message, HTTP_GET);
	conn_set_head_deadline(&http1->conn);
}

enum read_result { READ_MORE, READ_REQUEST, READ_REFUSED };

/* Reads on in the current message; *used bytes need not be kept. */
static enum read_result read_message(struct http1 *http1, const char *data, size_t len, size_t *used)
{
	struct http_head head;

	*used = 0;
	if (http1->state == HTTP1_IDLE && len > 0 && data[0] == TLS_HANDSHAKE_RECORD) {
		conn_mark_broken(&http1->conn);
		return READ_REFUSED;
	}
	if (http1->state == HTTP1_IDLE && len > 0)
		begin_message(http1);
	for (;;) {
		size_t step = 0;
		struct http_text piece = {NULL, 0};
		enum http_fault fault = HTTP_FAULT_NONE;
		enum message_event event =
		        message_next(&http1->message, data + *used, len - *used, &step, &head, &piece, &fault);
		*used += step;
		switch (event) {
		case MESSAGE_MORE:
			return READ_MORE;
		case MESSAGE_HEAD:
			if (!take_head(http1, &head, len - *used))
				return READ_REFUSED;
			break;
		case MESSAGE_BODY:
			if (!take_body(http1, piece))
				return READ_REFUSED;
			break;
		case MESSAGE_END:
			return end_message(http1) ? READ_REQUEST : READ_REFUSED;
		case MESSAGE_BAD:
			refuse_bytes(http1, http_fault_status(fault), http_fault_text(fault), data + *used,
			             len - *used);
			return READ_REFUSED;
		}
	}
}

static void keep_input(struct http1 *http1, const char *data, size_t len)
{
	if (len == 0)
		return;
	if (!buf_add(&http1->input, data, len)) {
		conn_mark_broken(&http1->conn); /* it sends on although reading stopped long ago: cannot be */
		return;
	}
	if (http1->state == HTTP1_BUSY && http1->input.len > HTTP1_INPUT_MAX)
		conn_pause(&http1->conn);
}

static enum read_result read_input(struct http1 *http1, const char *data, size_t len)
{
	size_t used;
	enum read_result result;

	if (http1->input.len == 0) {
		result = read_message(http1, data, len, &used);
		if (result != READ_REFUSED)
			keep_input(http1, data + used, len - used);
		return result;
	}
	keep_input(http1, data, len);
	result = read_message(http1, http1->input.data, http1->input.len, &used);
	if (result != READ_REFUSED)
		buf_drop(&http1->input, used);
	return result;
}

static void start_work(struct http1 *http1)
{
	const struct conns_settings *settings = conns_settings(http1->conn.conns);

	assert(http1->state == HTTP1_BUSY);
	if (http1->conn.ended && http1->input.len == 0)
		http1->turn->framed.frame.last = true;
	if (http1->input.len > HTTP1_INPUT_MAX)
		conn_pause(&http1->conn);
	settings->on_request(&http1->turn->framed.turn, settings->arg);
}

void http1_take_bytes(struct http1 *http1, const char *data, size_t len)
{
	switch (http1->state) {
	case HTTP1_IDLE:
	case HTTP1_HEAD:
	case HTTP1_BODY:
		if (read_input(http1, data, len) == READ_REQUEST)
			start_work(http1);
		break;
	case HTTP1_BUSY:
		keep_input(http1, data, len);
		break;
	case HTTP1_TUNNEL:
		if (http1->turn != NULL)
			turn_tell_bytes(&http1->turn->framed.turn, data, len);
		break;
	}
}

void http1_read_kept(struct http1 *http1)
{
	size_t used;
	enum read_result result = read_message(http1, http1->input.data, http1->input.len, &used);

	if (result == READ_REFUSED)
		return;
	buf_drop(&http1->input, used);
	if (result == READ_REQUEST)
		start_work(http1);
	else if (http1->conn.ended)
		conn_close(&http1->conn);
}
