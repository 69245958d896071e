/* rest_gate: the gate: turns raw input into whole requests, one step at a time, and hands each to libevhtp.
 *
 * HEAD: wait for a complete head, route it, decide about the body. BODY: collect (or throw away) the body. Then the
 * fixed head goes through libevhtp's parser. LINGER: throw away. BUSY: leave the input alone.
 */
#include "common/clock.h"
#include "services/rest/rest_internal.h"

#include <assert.h>
#include <event2/buffer.h>
#include <string.h>

static struct evbuffer *conn_input(const struct rest_conn *conn)
{
	return bufferevent_get_input(rest_link_bev(conn));
}

/* Behind its request libevhtp would at once parse what the client has sent for later ones, and log an error: that is hidden
 * during the call. */
static void gate_dispatch(struct rest_conn *conn)
{
	static const char FIXED[] = "GET / HTTP/1.1\r\n\r\n";
	struct evbuffer *input = conn_input(conn), *later = NULL;

	conn->state = REST_BUSY;
	if (evbuffer_get_length(input) > 0) {
		later = evbuffer_new();
		evbuffer_remove_buffer(input, later, evbuffer_get_length(input));
	}
	evbuffer_prepend(input, FIXED, sizeof(FIXED) - 1);
	conn->server->dispatching = conn;
	conn->evhtp_readcb(rest_link_bev(conn), conn->evhtp_arg);
	conn->server->dispatching = NULL;
	if (later != NULL && conn->peer != NULL)
		evbuffer_prepend_buffer(input, later);
	if (later != NULL)
		evbuffer_free(later);
}

static const char *refusal_text(const struct rest_request *request, int status)
{
	if (status == request->early_status)
		return request->early_error;
	return status == 413 ? "the request body is too large" : "too many large requests at one time";
}

/* May the body come? Where not, the reply is sent at once and the connection closed behind it. */
static bool gate_admit_body(struct rest_conn *conn, bool expects)
{
	struct rest_request *request = conn->request;
	struct rest_server *server = conn->server;
	int64_t limit = (int64_t)server->options.max_body_bytes;
	int status = request->early_status;

	if (status == 0 && request->body_left > limit) {
		status = 413;
	} else if (status == 0 &&
	           server->bodies_bytes + (size_t)request->body_left > server->options.max_bodies_bytes) {
		status = 503;
	}
	if (status != 0 && (expects || request->body_left > limit || status == 503)) {
		rest_link_refuse(conn, status, refusal_text(request, status));
		return false;
	}
	if (status == 0) {
		request->body_held = (size_t)request->body_left;
		server->bodies_bytes += request->body_held;
	}
	if (expects && request->minor >= 1 && evbuffer_get_length(conn_input(conn)) == 0)
		bufferevent_write(rest_link_bev(conn), "HTTP/1.1 100 Continue\r\n\r\n", 25);
	return true;
}

static bool gate_head_done(struct rest_conn *conn, const struct http_head *head)
{
	struct rest_request *request = rest_request_new(conn, head);

	conn->request = request;
	rest_request_route(request, head);
	evbuffer_drain(conn_input(conn), head->size);
	conn->since_ms = clock_ms();
	if (!head->chunked && head->content_length <= 0) {
		gate_dispatch(conn);
		return false;
	}
	if (!gate_admit_body(conn, head->expect_continue))
		return true;
	conn->state = REST_BODY;
	conn->body_since_ms = conn->since_ms;
	conn->body_received = 0;
	http_chunked_init(&conn->chunked);
	return true;
}

static bool gate_head(struct rest_conn *conn)
{
	static const struct http_limits LIMITS = {.head_bytes = REST_HEAD_BYTES, .target_bytes = REST_TARGET_BYTES};
	struct http_head *head = &conn->server->head;
	enum http_fault fault = HTTP_FAULT_NONE;
	size_t len = evbuffer_get_length(conn_input(conn));

	if (len == 0)
		return false;
	if (!conn->head_begun)
		conn->since_ms = clock_ms();
	conn->head_begun = true;
	const char *data = (const char *)evbuffer_pullup(conn_input(conn), -1);
	switch (http_head_parse_request(data, len, &LIMITS, &conn->scanned, head, &fault)) {
	case HTTP_PARSE_MORE:
		return false;
	case HTTP_PARSE_DONE:
		return gate_head_done(conn, head);
	case HTTP_PARSE_BAD:
		break;
	}
	rest_link_refuse(conn, http_fault_status(fault), http_fault_text(fault));
	return true;
}

/* Keeps a piece of a chunked body, unless the answer is decided already. Returns 0 or the status to refuse it with. */
static int gate_keep(struct rest_request *request, const char *data, size_t len)
{
	struct rest_server *server = request->server;

	if (request->early_status != 0) {
		request->body_skipped += len;
		return request->body_skipped > server->options.max_body_bytes ? request->early_status : 0;
	}
	request->body_held += len;
	server->bodies_bytes += len;
	if (server->bodies_bytes > server->options.max_bodies_bytes)
		return 503;
	return buf_add(&request->body, data, len) ? 0 : 413;
}

static bool gate_plain(struct rest_conn *conn)
{
	struct rest_request *request = conn->request;
	struct evbuffer *input = conn_input(conn);

	while (request->body_left > 0 && evbuffer_get_length(input) > 0) {
		size_t len = evbuffer_get_contiguous_space(input);
		if ((int64_t)len > request->body_left)
			len = (size_t)request->body_left;
		if (request->early_status == 0) {
			bool fits = buf_add(&request->body, evbuffer_pullup(input, (ev_ssize_t)len), len);
			assert(fits); /* its length was checked with the head */
			(void)fits;
		}
		evbuffer_drain(input, len);
		request->body_left -= (int64_t)len;
	}
	if (request->body_left == 0)
		gate_dispatch(conn);
	return false;
}

static bool gate_chunked(struct rest_conn *conn)
{
	struct rest_request *request = conn->request;
	struct evbuffer *input = conn_input(conn);
	size_t len = evbuffer_get_length(input), at = 0, piece = 0, piece_len = 0;
	const char *data = (const char *)evbuffer_pullup(input, -1);
	enum http_parse parse = HTTP_PARSE_MORE;

	while (at < len && parse == HTTP_PARSE_MORE) {
		parse = http_chunked_next(&conn->chunked, data, len, &at, &piece, &piece_len);
		int refused =
		        parse == HTTP_PARSE_MORE && piece_len > 0 ? gate_keep(request, data + piece, piece_len) : 0;
		if (refused != 0) {
			rest_link_refuse(conn, refused, refusal_text(request, refused));
			return true;
		}
	}
	evbuffer_drain(input, at);
	if (parse == HTTP_PARSE_BAD)
		rest_link_refuse(conn, 400, http_fault_text(HTTP_FAULT_CHUNK));
	else if (parse == HTTP_PARSE_DONE)
		gate_dispatch(conn);
	return parse == HTTP_PARSE_BAD;
}

static bool gate_body(struct rest_conn *conn)
{
	size_t before = evbuffer_get_length(conn_input(conn));

	if (before == 0)
		return false;
	conn->since_ms = clock_ms();
	conn->body_received += (int64_t)before;
	return conn->request->chunked ? gate_chunked(conn) : gate_plain(conn);
}

static bool gate_linger(struct rest_conn *conn)
{
	if (evbuffer_get_length(conn_input(conn)) > 0)
		conn->since_ms = clock_ms();
	evbuffer_drain(conn_input(conn), evbuffer_get_length(conn_input(conn)));
	return false;
}

bool rest_gate_step(struct rest_conn *conn)
{
	static bool (*const STEPS[])(struct rest_conn *) = {
	        [REST_HEAD] = gate_head, [REST_BODY] = gate_body, [REST_LINGER] = gate_linger};

	return conn->state != REST_BUSY && STEPS[conn->state](conn);
}
