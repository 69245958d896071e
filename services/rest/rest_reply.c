/* rest_reply: whole replies: head and body go straight to the socket, where nothing waits in front of them, and what it
 * does not take goes to the output. That spares the small ones an event for writing. libevhtp hears through
 * evhtp_send_reply_end that its request is finished; the connection goes on when the output is empty, from the loop.
 */
#include "common/json.h"
#include "services/rest/rest_internal.h"

#include <assert.h>
#include <event2/buffer.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#define COPY_BYTES 4096 /* bodies up to this are copied behind the head, larger ones handed over */

/* The last moment at which the connection's fate can be told to the client. */
static void decide_close(struct rest_request *request)
{
	struct evbuffer *input = bufferevent_get_input(rest_link_bev(request->conn));

	if (request->server->stopping)
		request->close = true;
	if (request->conn->half_closed && evbuffer_get_length(input) == 0)
		request->close = true;
}

void rest_reply_begin(struct rest_request *request, struct rest_head_text *text, int status, int64_t length,
                      const char *type)
{
	bool explains = status == 405 || (request->method == HTTP_OPTIONS && status == 204);

	decide_close(request);
	struct rest_reply_head head = {
	        .status = status,
	        .length = length,
	        .type = type,
	        .close = request->close,
	        .etag = request->etag,
	        .fields = request->fields,
	        .allow = explains ? request->match.methods : 0,
	        .preflight = explains && status == 204,
	        .chunked = request->reply_chunked,
	};
	rest_head_write(text, &head, request->minor == 0);
}

void rest_reply_finish(struct rest_request *request)
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

/* Moves what body holds to the output, large ones without a copy. */
void rest_reply_hand_over(struct evbuffer *out, struct buf *body)
{
	if (body->len <= COPY_BYTES) {
		evbuffer_add(out, body->data, body->len);
		buf_clear(body);
		return;
	}
	evbuffer_add_reference(out, body->data, body->len, on_body_sent, body->base);
	buf_init(body, body->max);
}

/* How much the socket takes of these at once: 0 where the output holds something that must go first. A connection that
 * is broken takes nothing; the output's own write will find that out. */
static size_t write_now(struct bufferevent *bev, const struct rest_head_text *head, const char *body, size_t len)
{
	struct iovec parts[] = {{(void *)head->data, head->len},
	                        {(void *)body, len < REST_WRITE_BYTES ? len : REST_WRITE_BYTES}};

	if (evbuffer_get_length(bufferevent_get_output(bev)) > 0)
		return 0;
	ssize_t written = writev(bufferevent_getfd(bev), parts, len > 0 ? 2 : 1);
	return written > 0 ? (size_t)written : 0;
}

/* type NULL: no body. owner: where the body's bytes lie in a buf that may be handed over; NULL: they are copied. */
static void reply_whole(struct rest_request *request, int status, const char *type, const char *body, size_t len,
                        struct buf *owner)
{
	struct rest_head_text head;

	assert(request->reply == REST_UNANSWERED);
	if (request->conn == NULL) {
		rest_reply_finish(request);
		return;
	}
	rest_reply_begin(request, &head, status, (int64_t)len, type);
	if (request->method == HTTP_HEAD_METHOD)
		len = 0;
	struct bufferevent *bev = rest_link_bev(request->conn);
	struct evbuffer *out = bufferevent_get_output(bev);
	size_t written = write_now(bev, &head, body, len);
	if (written < head.len)
		evbuffer_add(out, head.data + written, head.len - written);
	written = written > head.len ? written - head.len : 0;
	if (written < len && owner != NULL) {
		buf_drop(owner, written);
		rest_reply_hand_over(out, owner);
	} else if (written < len) {
		evbuffer_add(out, body + written, len - written);
	}
	rest_link_wake(request->conn);
	rest_reply_finish(request);
}

void rest_reply_json(struct rest_request *request, int status, struct buf *json)
{
	rest_reply_content(request, status, REST_JSON, json);
}

void rest_reply_bytes(struct rest_request *request, int status, const char *json, size_t len)
{
	reply_whole(request, status, REST_JSON, json, len, NULL);
}

void rest_reply_file(struct rest_request *request, const char *type, const void *data, size_t len)
{
	reply_whole(request, 200, type, data, len, NULL);
}

void rest_reply_content(struct rest_request *request, int status, const char *type, struct buf *bytes)
{
	reply_whole(request, status, type, bytes->data != NULL ? bytes->data : "", bytes->len, bytes);
	buf_clear(bytes);
}

void rest_reply_text(struct rest_request *request, int status, const char *json)
{
	reply_whole(request, status, REST_JSON, json, strlen(json), NULL);
}

void rest_reply_empty(struct rest_request *request, int status)
{
	reply_whole(request, status, NULL, NULL, 0, NULL);
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

void rest_set_fields(struct rest_request *request, const char *lines)
{
	assert(strlen(lines) <= 500); /* what is left in a head's text */
	request->fields = lines;
}
