/* call: evhttp's request in, head and body out.
 *
 * Invariant: no answer may be kept by a cache or be taken by a browser for anything but what its type says.
 */
#include "orchestrator/admin/call.h"

#include "common/http_head.h"
#include "common/json.h"

#include <event2/buffer.h>
#include <event2/http.h>
#include <stdarg.h>
#include <stdio.h>

const char *call_header(const struct call *call, const char *name)
{
	return evhttp_find_header(evhttp_request_get_input_headers(call->request), name);
}

bool call_is_head(const struct call *call)
{
	return evhttp_request_get_command(call->request) == EVHTTP_REQ_HEAD;
}

bool call_is_get(const struct call *call)
{
	return evhttp_request_get_command(call->request) == EVHTTP_REQ_GET || call_is_head(call);
}

const char *call_body(const struct call *call, size_t *len)
{
	struct evbuffer *body = evhttp_request_get_input_buffer(call->request);

	*len = evbuffer_get_length(body);
	evbuffer_add(body, "", 1);
	return (const char *)evbuffer_pullup(body, -1);
}

void call_add_header(const struct call *call, const char *name, const char *value)
{
	evhttp_add_header(evhttp_request_get_output_headers(call->request), name, value);
}

void call_reply(const struct call *call, int status, const char *type, const struct buf *body)
{
	char length[24];

	snprintf(length, sizeof(length), "%zu", body->len);
	call_add_header(call, "Content-Type", type);
	call_add_header(call, "Content-Length", length);
	call_add_header(call, "Cache-Control", "no-store");
	call_add_header(call, "X-Content-Type-Options", "nosniff");
	struct evbuffer *out = evbuffer_new();
	if (out != NULL && !call_is_head(call))
		evbuffer_add(out, body->data, body->len);
	evhttp_send_reply(call->request, status, http_status_text(status), out);
	if (out != NULL)
		evbuffer_free(out);
}

void call_problem(const struct call *call, int status, const char *format, ...)
{
	char detail[600];
	va_list args;

	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	struct buf body;
	struct json_writer w;
	buf_init(&body, 8192);
	json_writer_init(&w, &body);
	json_begin_object(&w);
	json_member_text(&w, "title", http_status_text(status));
	json_member_number(&w, "status", status);
	json_member_text(&w, "detail", detail);
	json_end_object(&w);
	if (json_writer_ok(&w) && buf_add_text(&body, "\n"))
		call_reply(call, status, "application/problem+json", &body);
	else
		evhttp_send_reply(call->request, status, http_status_text(status), NULL);
	buf_clear(&body);
}
