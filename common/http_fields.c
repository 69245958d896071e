/* http_fields: what single header fields mean for the message.
 *
 * A field is known by its length, then by its name. Those that frame the message or its connection have a reader in
 * the table at the end; the others are only marked as seen.
 *
 * Invariant: framing is decided by fields that can be read in one way only. Whatever a second parser might read
 * differently is a fault.
 */
#include "common/http_fields.h"

#include "common/http_chars.h"
#include "common/words.h"

#include <string.h>

#define CONTENT_LENGTH_MAX ((int64_t)1 << 62)

/* braces in macros: versions of clang-format differ */
/* clang-format off */
#define NAME(text) {text, sizeof(text) - 1}
/* clang-format on */

static const struct {
	const char *name;
	uint8_t len;
} names[HTTP_FIELD_IDS] = {
        [HTTP_CONNECTION] = NAME("connection"),
        [HTTP_CONTENT_LENGTH] = NAME("content-length"),
        [HTTP_TRANSFER_ENCODING] = NAME("transfer-encoding"),
        [HTTP_HOST] = NAME("host"),
        [HTTP_EXPECT] = NAME("expect"),
        [HTTP_UPGRADE] = NAME("upgrade"),
        [HTTP_KEEP_ALIVE] = NAME("keep-alive"),
        [HTTP_PROXY_CONNECTION] = NAME("proxy-connection"),
        [HTTP_TE] = NAME("te"),
        [HTTP_TRAILER] = NAME("trailer"),
        [HTTP_VIA] = NAME("via"),
        [HTTP_X_FORWARDED_FOR] = NAME("x-forwarded-for"),
        [HTTP_X_FORWARDED_PROTO] = NAME("x-forwarded-proto"),
        [HTTP_X_FORWARDED_HOST] = NAME("x-forwarded-host"),
        [HTTP_X_REQUEST_ID] = NAME("x-request-id"),
        [HTTP_FORWARDED] = NAME("forwarded"),
        [HTTP_DATE] = NAME("date"),
        [HTTP_IF_NONE_MATCH] = NAME("if-none-match"),
        [HTTP_RANGE] = NAME("range"),
        [HTTP_IF_RANGE] = NAME("if-range"),
        [HTTP_PROXY_AUTHENTICATE] = NAME("proxy-authenticate"),
        [HTTP_PROXY_AUTHORIZATION] = NAME("proxy-authorization"),
        [HTTP_X_REAL_IP] = NAME("x-real-ip"),
        [HTTP_TRUE_CLIENT_IP] = NAME("true-client-ip"),
        [HTTP_X_ORIGINAL_URL] = NAME("x-original-url"),
        [HTTP_X_REWRITE_URL] = NAME("x-rewrite-url"),
        [HTTP_X_FORWARDED_OTHER] = NAME("x-forwarded-"), /* how it begins */
#undef NAME
};

/* The known names of each length; 0 ends. */
#define LONGEST_NAME 19
#define SAME_LENGTH 3
static const uint8_t by_length[LONGEST_NAME + 1][SAME_LENGTH] = {
        [2] = {HTTP_TE},
        [3] = {HTTP_VIA},
        [4] = {HTTP_HOST, HTTP_DATE},
        [5] = {HTTP_RANGE},
        [6] = {HTTP_EXPECT},
        [7] = {HTTP_UPGRADE, HTTP_TRAILER},
        [8] = {HTTP_IF_RANGE},
        [9] = {HTTP_FORWARDED, HTTP_X_REAL_IP},
        [10] = {HTTP_CONNECTION, HTTP_KEEP_ALIVE},
        [12] = {HTTP_X_REQUEST_ID},
        [13] = {HTTP_IF_NONE_MATCH, HTTP_X_REWRITE_URL},
        [14] = {HTTP_CONTENT_LENGTH, HTTP_TRUE_CLIENT_IP, HTTP_X_ORIGINAL_URL},
        [15] = {HTTP_X_FORWARDED_FOR},
        [16] = {HTTP_PROXY_CONNECTION, HTTP_X_FORWARDED_HOST},
        [17] = {HTTP_TRANSFER_ENCODING, HTTP_X_FORWARDED_PROTO},
        [18] = {HTTP_PROXY_AUTHENTICATE},
        [19] = {HTTP_PROXY_AUTHORIZATION},
};

/* What makes a letter a small one, and no other character of a name (tokens) a letter or a hyphen: known names have only
 * these. */
#define LOWER 0x20

static bool same_word(const char *data, const char *lower_case)
{
	return (word_load(data) | WORD_ONES * LOWER) == word_load(lower_case);
}

/* The first len bytes of data, of which there are as many. */
static bool same_name(const char *data, uint32_t len, const char *lower_case)
{
	uint32_t at = 0;

	if (len >= WORD_BYTES) {
		for (; at + WORD_BYTES < len; at += WORD_BYTES) {
			if (!same_word(data + at, lower_case + at))
				return false;
		}
		return same_word(data + len - WORD_BYTES, lower_case + len - WORD_BYTES);
	}
	while (at < len && (data[at] | LOWER) == lower_case[at])
		at++;
	return at == len;
}

enum http_field_id http_field_identify(struct http_text name)
{
	uint32_t family = names[HTTP_X_FORWARDED_OTHER].len;

	for (int i = 0; name.len <= LONGEST_NAME && i < SAME_LENGTH; i++) {
		uint8_t id = by_length[name.len][i];
		if (id == HTTP_OTHER)
			break;
		if (same_name(name.data, name.len, names[id].name))
			return (enum http_field_id)id;
	}
	if (name.len >= family && same_name(name.data, family, names[HTTP_X_FORWARDED_OTHER].name))
		return HTTP_X_FORWARDED_OTHER;
	return HTTP_OTHER;
}

static bool is_repeated(const struct http_fields *fields, const struct http_field *field)
{
	return (fields->head->seen & (UINT32_C(1) << field->id)) != 0;
}

static enum http_fault take_content_length(struct http_fields *fields, const struct http_field *field)
{
	int64_t length = 0;

	if (is_repeated(fields, field))
		return HTTP_FAULT_LENGTHS;
	if (field->value.len == 0)
		return HTTP_FAULT_LENGTH;
	for (uint32_t i = 0; i < field->value.len; i++) {
		char c = field->value.data[i];
		if (!http_char_is(c, HTTP_CHAR_DIGIT) || length > CONTENT_LENGTH_MAX / 10)
			return HTTP_FAULT_LENGTH;
		length = length * 10 + (c - '0');
	}
	if (length > CONTENT_LENGTH_MAX)
		return HTTP_FAULT_LENGTH;
	fields->head->content_length = length;
	return HTTP_FAULT_NONE;
}

/* Names of codings with a comma between each two, the last of them chunked, and that only once: then it is known where the
 * body ends, only not what it says. No name has parameters that we know of. */
static bool ends_in_chunked(struct http_text value)
{
	const char *at = value.data, *end = value.data + value.len;

	for (;;) {
		const char *from = at;
		while (at < end && http_char_is(*at, HTTP_CHAR_TOKEN))
			at++;
		bool is_chunked = http_text_is((struct http_text){from, (uint32_t)(at - from)}, "chunked");
		if (at == from || is_chunked || at == end)
			return is_chunked && at == end;
		while (at < end && (*at == ' ' || *at == '\t'))
			at++;
		if (at == end || *at++ != ',')
			return false;
		while (at < end && (*at == ' ' || *at == '\t'))
			at++;
	}
}

/* RFC 9112 section 6.3, rule 4. */
static enum http_fault take_transfer_encoding(struct http_fields *fields, const struct http_field *field)
{
	if (is_repeated(fields, field))
		return HTTP_FAULT_CODINGS;
	if (!http_text_is(field->value, "chunked"))
		return ends_in_chunked(field->value) ? HTTP_FAULT_CODING : HTTP_FAULT_LAST_CODING;
	fields->head->chunked = true;
	return HTTP_FAULT_NONE;
}

static bool is_port(struct http_text text)
{
	for (uint32_t i = 0; i < text.len; i++) {
		if (!http_char_is(text.data[i], HTTP_CHAR_DIGIT))
			return false;
	}
	return text.len <= 5;
}

/* Length of the host at the start of text, 0 if there is none: a name, or an IP literal in brackets. */
static uint32_t host_len(struct http_text text)
{
	uint32_t i = 0;

	if (text.len == 0 || text.data[0] != '[') {
		while (i < text.len && http_char_is(text.data[i], HTTP_CHAR_HOST))
			i++;
		return i;
	}
	for (i = 1; i < text.len; i++) {
		char c = text.data[i];
		if (c == ']')
			return i > 1 ? i + 1 : 0;
		if (!http_char_is(c, HTTP_CHAR_HEX) && c != ':' && c != '.')
			return 0;
	}
	return 0;
}

bool http_authority_is(struct http_text text, bool need_port)
{
	uint32_t len = host_len(text);

	if (len == 0)
		return false;
	if (len == text.len)
		return !need_port;
	if (text.data[len] != ':')
		return false;
	struct http_text port = {text.data + len + 1, text.len - len - 1};
	return is_port(port) && (!need_port || port.len > 0);
}

static enum http_fault take_host(struct http_fields *fields, const struct http_field *field)
{
	if (fields->response)
		return HTTP_FAULT_NONE;
	if (is_repeated(fields, field))
		return HTTP_FAULT_HOST;
	return field->value.len == 0 || http_authority_is(field->value, false) ? HTTP_FAULT_NONE : HTTP_FAULT_HOST;
}

static unsigned connection_token(struct http_text element)
{
	static const struct {
		const char *token;
		unsigned bit;
	} tokens[] = {
	        {"keep-alive", HTTP_TOKEN_KEEP_ALIVE},
	        {"close", HTTP_TOKEN_CLOSE},
	        {"upgrade", HTTP_TOKEN_UPGRADE},
	};

	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
		if (http_text_is(element, tokens[i].token))
			return tokens[i].bit;
	}
	return HTTP_TOKEN_OTHER;
}

static enum http_fault take_connection(struct http_fields *fields, const struct http_field *field)
{
	struct http_text list = field->value, element;

	while (http_list_next(&list, &element))
		fields->connection |= connection_token(element);
	return HTTP_FAULT_NONE;
}

/* An HTTP/1.0 client cannot wait for a 100 (RFC 9110 section 10.1.1). */
static enum http_fault take_expect(struct http_fields *fields, const struct http_field *field)
{
	if (!http_text_is(field->value, "100-continue"))
		fields->head->expect_other = true;
	else if (fields->head->minor > 0)
		fields->head->expect_continue = true;
	return HTTP_FAULT_NONE;
}

static enum http_fault (*const takers[HTTP_FIELD_IDS])(struct http_fields *, const struct http_field *) = {
        [HTTP_CONTENT_LENGTH] = take_content_length,
        [HTTP_TRANSFER_ENCODING] = take_transfer_encoding,
        [HTTP_HOST] = take_host,
        [HTTP_CONNECTION] = take_connection,
        [HTTP_EXPECT] = take_expect,
};

enum http_fault http_fields_take(struct http_fields *fields, const struct http_field *field)
{
	enum http_fault fault = HTTP_FAULT_NONE;

	if (field->id == HTTP_OTHER)
		return HTTP_FAULT_NONE;
	if (takers[field->id] != NULL)
		fault = takers[field->id](fields, field);
	fields->head->seen |= UINT32_C(1) << field->id;
	return fault;
}

/* Parsers are known that leave the body of these in the connection, to be read as the next request. */
static bool method_forbids_body(enum http_method method)
{
	return method == HTTP_HEAD_METHOD || method == HTTP_TRACE || method == HTTP_CONNECT;
}

enum http_fault http_fields_finish(struct http_fields *fields)
{
	struct http_head *head = fields->head;
	bool has_length = head->content_length != -1;

	if (head->chunked && has_length)
		return HTTP_FAULT_CODING_LENGTH;
	if (head->chunked && head->minor == 0)
		return HTTP_FAULT_CODING_1_0;
	if (!fields->response) {
		if (head->minor > 0 && (head->seen & (UINT32_C(1) << HTTP_HOST)) == 0)
			return HTTP_FAULT_HOST;
		if ((head->chunked || head->content_length > 0) && method_forbids_body(head->method))
			return HTTP_FAULT_FRAMING;
	}
	head->close = (fields->connection & HTTP_TOKEN_CLOSE) != 0 ||
	              (head->minor == 0 && (fields->connection & HTTP_TOKEN_KEEP_ALIVE) == 0);
	head->upgrade = head->minor > 0 && (fields->connection & HTTP_TOKEN_UPGRADE) != 0 &&
	                (head->seen & (UINT32_C(1) << HTTP_UPGRADE)) != 0;
	head->names_fields = (fields->connection & HTTP_TOKEN_OTHER) != 0;
	return HTTP_FAULT_NONE;
}
