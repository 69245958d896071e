/* fuzz_http: what must hold for every head, request or response. */
#include "tests/fuzz/fuzz_http.h"

#include <assert.h>
#include <string.h>

static const struct http_limits limits = {.head_bytes = 2048, .target_bytes = 512};

static void check_inside(struct http_text text, const char *data, const struct http_head *head)
{
	assert(text.data >= data && text.data + text.len <= data + head->size);
	assert(memchr(text.data, '\n', text.len) == NULL && memchr(text.data, '\r', text.len) == NULL &&
	       memchr(text.data, '\0', text.len) == NULL);
}

/* In a response there may be space before it. */
static bool is_colon_behind(struct http_text name, bool response)
{
	const char *at = name.data + name.len;

	while (response && (*at == ' ' || *at == '\t'))
		at++;
	return *at == ':';
}

static void check_head(const char *data, size_t len, const struct http_head *head)
{
	assert(head->size <= len && head->size <= limits.head_bytes);
	assert(head->size >= 4 && memcmp(data + head->size - 4, "\r\n\r\n", 4) == 0);
	assert(head->count <= HTTP_HEAD_FIELDS);
	assert(head->minor == 0 || head->minor == 1);
	assert(!head->chunked || (head->content_length == -1 && head->minor == 1));
	assert(head->content_length >= -1);
	unsigned lengths = 0, codings = 0, hosts = 0;
	for (unsigned i = 0; i < head->count; i++) {
		const struct http_field *field = &head->fields[i];
		check_inside(field->name, data, head);
		check_inside(field->value, data, head);
		assert(field->name.len > 0 && is_colon_behind(field->name, head->status != 0));
		assert(field->value.len == 0 || (field->value.data[0] != ' ' && field->value.data[0] != '\t'));
		lengths += field->id == HTTP_CONTENT_LENGTH;
		codings += field->id == HTTP_TRANSFER_ENCODING;
		hosts += field->id == HTTP_HOST;
	}
	assert(lengths == (head->content_length != -1) && codings == head->chunked);
	if (head->status == 0)
		assert(hosts <= 1 && (hosts == 1 || head->minor == 0));
}

bool fuzz_head(fuzz_parse *parse, const uint8_t *bytes, size_t size, struct http_head *head)
{
	const char *data = (const char *)bytes;
	enum http_fault fault, fault_pieces;
	size_t scanned = 0;
	enum http_parse pieces = HTTP_PARSE_MORE;

	memset(head, 0xa5, sizeof(*head));
	for (size_t there = size / 3; there < size && pieces == HTTP_PARSE_MORE; there += size / 3 + 1)
		pieces = parse(data, there, &limits, &scanned, head, &fault_pieces);
	if (pieces == HTTP_PARSE_MORE)
		pieces = parse(data, size, &limits, &scanned, head, &fault_pieces);
	scanned = 0;
	enum http_parse whole = parse(data, size, &limits, &scanned, head, &fault);
	assert(whole == pieces);
	if (whole == HTTP_PARSE_BAD)
		assert(fault != HTTP_FAULT_NONE && fault_pieces != HTTP_FAULT_NONE);
	if (whole == HTTP_PARSE_MORE)
		assert(size <= limits.head_bytes);
	if (whole != HTTP_PARSE_DONE)
		return false;
	check_head(data, size, head);
	return true;
}
