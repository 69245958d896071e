/* Writes replies. libevhtp would send a Content-Length and a type with 204, and the body with HEAD, so heads are written
 * here; libevhtp hears through evhtp_send_reply_end that its request is finished.
 */
#include "common/json.h"
#include "common/mem.h"
#include "services/rest_internal.h"

#include <assert.h>
#include <event2/buffer.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COPY_BYTES 4096 /* bodies up to this are copied behind the head, larger ones handed over */

static const char *const METHOD_NAMES[] = {
        [HTTP_GET] = "GET",       [HTTP_HEAD_METHOD] = "HEAD", [HTTP_POST] = "POST",       [HTTP_PUT] = "PUT",
        [HTTP_DELETE] = "DELETE", [HTTP_PATCH] = "PATCH",      [HTTP_OPTIONS] = "OPTIONS",
};

static const char *date_text(void)
{
	static time_t shown;
	static char text[40];
	time_t now = time(NULL);
	struct tm parts;

	if (now != shown) {
		strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &parts));
		shown = now;
	}
	return text;
}

struct head_text {
	char data[1024];
	size_t len;
};

static void head_add(struct head_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void head_add(struct head_text *text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int n = vsnprintf(text->data + text->len, sizeof(text->data) - text->len, format, args);
	va_end(args);
	assert(n >= 0 && (size_t)n < sizeof(text->data) - text->len); /* every field is ours and short */
	text->len += (size_t)n;
}

static void add_methods(struct head_text *text, const char *field, uint32_t methods)
{
	const char *comma = "";

	head_add(text, "%s: ", field);
	for (size_t i = 0; i < sizeof(METHOD_NAMES) / sizeof(METHOD_NAMES[0]); i++) {
		if ((methods & (1U << i)) == 0)
			continue;
		head_add(text, "%s%s", comma, METHOD_NAMES[i]);
		comma = ", ";
	}
	head_add(text, "\r\n");
}

void rest_reply_head_write(struct evbuffer *out, const struct rest_reply_head *head, bool old_client)
{
	struct head_text text = {.len = 0};

	head_add(&text, "HTTP/1.1 %d %s\r\nDate: %s\r\nAccess-Control-Allow-Origin: *\r\n", head->status,
	         http_status_text(head->status), date_text());
	if (head->json)
		head_add(&text, "Content-Type: application/json\r\n");
	if (head->chunked)
		head_add(&text, "Transfer-Encoding: chunked\r\n");
	else if (head->length >= 0 && head->status != 204 && head->status != 304)
		head_add(&text, "Content-Length: %lld\r\n", (long long)head->length);
	if (head->etag != NULL && head->etag[0] != '\0')
		head_add(&text, "ETag: %s\r\n", head->etag);
	if (head->allow != 0)
		add_methods(&text, "Allow", head->allow | (1U << HTTP_OPTIONS));
	if (head->preflight) {
		add_methods(&text, "Access-Control-Allow-Methods", head->allow);
		head_add(&text, "Access-Control-Allow-Headers: Content-Type, If-None-Match\r\n"
		                "Access-Control-Max-Age: 86400\r\n");
	}
	if (head->close)
		head_add(&text, "Connection: close\r\n");
	else if (old_client)
		head_add(&text, "Connection: keep-alive\r\n");
	head_add(&text, "\r\n");
	evbuffer_add(out, text.data, text.len);
}

/* The last moment at which the connection's fate can be told to the client. */
static void decide_close(struct rest_request *request)
{
	struct evbuffer *input = bufferevent_get_input(rest_conn_bev(request->conn));

	if (request->server->stopping)
		request->close = true;
	if (request->conn->half_closed && evbuffer_get_length(input) == 0)
		request->close = true;
}

/* An empty output would never report that it was written. */
static void wake_if_empty(struct rest_request *request)
{
	if (request->conn == NULL)
		return;
	struct bufferevent *bev = rest_conn_bev(request->conn);
	if (evbuffer_get_length(bufferevent_get_output(bev)) == 0)
		bufferevent_trigger(bev, EV_WRITE, BEV_TRIG_DEFER_CALLBACKS);
}

static void write_head(struct rest_request *request, int status, int64_t length, bool json)
{
	bool explains = status == 405 || (request->method == HTTP_OPTIONS && status == 204);

	decide_close(request);
	struct rest_reply_head head = {
	        .status = status,
	        .length = length,
	        .json = json,
	        .close = request->close,
	        .etag = request->etag,
	        .allow = explains ? request->match.methods : 0,
	        .preflight = explains && status == 204,
	        .chunked = request->reply_chunked,
	};
	rest_reply_head_write(bufferevent_get_output(rest_conn_bev(request->conn)), &head, request->minor == 0);
}

/* Hands the request back: to its connection until the reply is out, or to nobody. */
static void reply_finish(struct rest_request *request)
{
	request->with_handler = false;
	if (request->conn == NULL) {
		rest_request_free(request);
		return;
	}
	request->reply = REST_WRITTEN;
	evhtp_send_reply_end(request->peer);
}

static void on_body_sent(const void *data, size_t len, void *base)
{
	(void)data;
	(void)len;
	free(base);
}

/* Moves what body holds to the output without a copy. */
static void hand_over(struct evbuffer *out, struct buf *body)
{
	if (body->len <= COPY_BYTES) {
		evbuffer_add(out, body->data, body->len);
		buf_clear(body);
		return;
	}
	evbuffer_add_reference(out, body->data, body->len, on_body_sent, body->base);
	buf_init(body, body->max);
}

void rest_reply_json(struct rest_request *request, int status, struct buf *json)
{
	assert(request->reply == REST_UNANSWERED);
	if (request->conn != NULL) {
		write_head(request, status, (int64_t)json->len, true);
		if (request->method != HTTP_HEAD_METHOD)
			hand_over(bufferevent_get_output(rest_conn_bev(request->conn)), json);
	}
	buf_clear(json);
	reply_finish(request);
}

void rest_reply_text(struct rest_request *request, int status, const char *json)
{
	assert(request->reply == REST_UNANSWERED);
	if (request->conn != NULL) {
		write_head(request, status, (int64_t)strlen(json), true);
		if (request->method != HTTP_HEAD_METHOD)
			evbuffer_add(bufferevent_get_output(rest_conn_bev(request->conn)), json, strlen(json));
	}
	reply_finish(request);
}

void rest_reply_empty(struct rest_request *request, int status)
{
	assert(request->reply == REST_UNANSWERED);
	if (request->conn != NULL)
		write_head(request, status, 0, false);
	reply_finish(request);
}

void rest_reply_error(struct rest_request *request, int status, const char *format, ...)
{
	struct buf json;
	struct json_writer w;
	va_list args;
	char message[600];

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	buf_init(&json, 8192);
	json_writer_init(&w, &json);
	json_begin_object(&w);
	json_member_text(&w, "error", message);
	json_end_object(&w);
	assert(json_writer_ok(&w));
	rest_reply_json(request, status, &json);
}

void rest_reply_early(struct rest_request *request)
{
	if (request->early_error != NULL)
		rest_reply_error(request, request->early_status, "%s", request->early_error);
	else
		rest_reply_empty(request, request->early_status);
}

void rest_set_etag(struct rest_request *request, const char *etag)
{
	int n = snprintf(request->etag, sizeof(request->etag), "%s", etag);

	assert(n > 0 && (size_t)n < sizeof(request->etag));
	(void)n;
}

/* --- streams ------------------------------------------------------------------------------------------------------ */

void rest_stream_begin(struct rest_request *request, int status, void (*on_ready)(void *arg), void *arg)
{
	assert(request->reply == REST_UNANSWERED && request->conn != NULL);
	request->reply = REST_STREAMING;
	request->on_ready = on_ready;
	request->on_ready_arg = arg;
	request->reply_chunked = request->minor >= 1;
	if (!request->reply_chunked)
		request->close = true; /* the end of the body is the end of the connection */
	write_head(request, status, -1, true);
}

void rest_stream_write(struct rest_request *request, struct buf *piece)
{
	assert(request->reply == REST_STREAMING && piece->len > 0);
	request->ready_due = request->conn != NULL;
	if (request->conn != NULL && request->method != HTTP_HEAD_METHOD) {
		struct evbuffer *out = bufferevent_get_output(rest_conn_bev(request->conn));
		if (request->reply_chunked)
			evbuffer_add_printf(out, "%zx\r\n", piece->len);
		hand_over(out, piece);
		if (request->reply_chunked)
			evbuffer_add(out, "\r\n", 2);
	}
	buf_clear(piece);
	wake_if_empty(request);
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
	rest_conn_close(conn);
}

void rest_stream_end(struct rest_request *request, bool complete)
{
	assert(request->reply == REST_STREAMING);
	if (request->conn != NULL && !complete) {
		stream_cut(request);
		return;
	}
	if (request->conn != NULL) {
		struct bufferevent *bev = rest_conn_bev(request->conn);
		if (request->reply_chunked && request->method != HTTP_HEAD_METHOD)
			evbuffer_add(bufferevent_get_output(bev), "0\r\n\r\n", 5);
		wake_if_empty(request);
	}
	reply_finish(request);
}
