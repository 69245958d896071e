/* rest_head: the head of a reply. libevhtp would send a Content-Length and a type with 204, and the body with HEAD, so
 * heads are written here.
 */
#include "common/http_date.h"
#include "services/rest/rest_internal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const char *const METHOD_NAMES[] = {
        [HTTP_GET] = "GET",       [HTTP_HEAD_METHOD] = "HEAD", [HTTP_POST] = "POST",       [HTTP_PUT] = "PUT",
        [HTTP_DELETE] = "DELETE", [HTTP_PATCH] = "PATCH",      [HTTP_OPTIONS] = "OPTIONS",
};

static void add(struct rest_head_text *text, const char *piece)
{
	size_t len = strlen(piece);

	assert(len < sizeof(text->data) - text->len); /* every field is ours and short */
	memcpy(text->data + text->len, piece, len);
	text->len += len;
}

static void add_number(struct rest_head_text *text, int64_t number)
{
	char digits[24], *at = digits + sizeof(digits) - 1;

	assert(number >= 0);
	*at = '\0';
	do {
		*--at = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	add(text, at);
}

/* What every reply says. */
static void add_common(struct rest_head_text *text)
{
	add(text, "\r\n");
	add(text, http_date_line());
	add(text, "Access-Control-Allow-Origin: *\r\n");
}

static void add_methods(struct rest_head_text *text, const char *field, uint32_t methods)
{
	const char *before = "";

	add(text, field);
	add(text, ": ");
	for (size_t i = 0; i < sizeof(METHOD_NAMES) / sizeof(METHOD_NAMES[0]); i++) {
		if ((methods & (1U << i)) == 0)
			continue;
		add(text, before);
		add(text, METHOD_NAMES[i]);
		before = ", ";
	}
	add(text, "\r\n");
}

static void add_length(struct rest_head_text *text, const struct rest_reply_head *head)
{
	if (head->chunked) {
		add(text, "Transfer-Encoding: chunked\r\n");
	} else if (head->length >= 0 && head->status != 204 && head->status != 304) {
		add(text, "Content-Length: ");
		add_number(text, head->length);
		add(text, "\r\n");
	}
}

static void add_etag(struct rest_head_text *text, const char *etag)
{
	if (etag == NULL || etag[0] == '\0')
		return;
	add(text, "ETag: ");
	add(text, etag);
	add(text, "\r\n");
}

void rest_head_write(struct rest_head_text *text, const struct rest_reply_head *head, bool old_client)
{
	text->len = 0;
	add(text, "HTTP/1.1 ");
	add_number(text, head->status);
	add(text, " ");
	add(text, http_status_text(head->status));
	add_common(text);
	if (head->type != NULL) {
		add(text, "Content-Type: ");
		add(text, head->type);
		add(text, "\r\n");
	}
	add_length(text, head);
	add_etag(text, head->etag);
	if (head->fields != NULL)
		add(text, head->fields);
	if (head->status == 503)
		add(text, "Retry-After: 1\r\n");
	if (head->allow != 0)
		add_methods(text, "Allow", head->allow | (1U << HTTP_OPTIONS));
	if (head->preflight) {
		add_methods(text, "Access-Control-Allow-Methods", head->allow);
		add(text, "Access-Control-Allow-Headers: Content-Type, If-None-Match\r\n"
		          "Access-Control-Max-Age: 86400\r\n");
	}
	if (head->close)
		add(text, "Connection: close\r\n");
	else if (old_client)
		add(text, "Connection: keep-alive\r\n");
	add(text, "\r\n");
}
