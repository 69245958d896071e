/* json_write: JSON into a buf.
 *
 * Invariant: need_comma[depth] says whether the open container already has a member; after_key is true exactly between
 * json_key and its value. Whatever is written is one well-formed text if the calls are paired; a text that is not all
 * there (buf full) is marked by `failed`.
 */
#include "common/json.h"

#include "common/utf8.h"
#include "common/words.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSON_WRITE_DEPTH 32

void json_writer_init(struct json_writer *w, struct buf *buf)
{
	*w = (struct json_writer){.buf = buf};
}

bool json_writer_ok(const struct json_writer *w)
{
	return !w->failed;
}

static void write_bytes(struct json_writer *w, const char *bytes, size_t len)
{
	if (!w->failed && !buf_add(w->buf, bytes, len))
		w->failed = true;
}

/* Before each value and each key. */
static void write_comma(struct json_writer *w)
{
	if (w->after_key) {
		w->after_key = false;
		return;
	}
	if (w->need_comma[w->depth])
		write_bytes(w, ",", 1);
	w->need_comma[w->depth] = true;
}

static void write_begin(struct json_writer *w, const char *bracket)
{
	write_comma(w);
	assert(w->depth < JSON_WRITE_DEPTH);
	w->need_comma[++w->depth] = false;
	write_bytes(w, bracket, 1);
}

static void write_end(struct json_writer *w, const char *bracket)
{
	assert(w->depth > 0 && !w->after_key);
	w->depth--;
	write_bytes(w, bracket, 1);
}

void json_begin_object(struct json_writer *w)
{
	write_begin(w, "{");
}

void json_end_object(struct json_writer *w)
{
	write_end(w, "}");
}

void json_begin_array(struct json_writer *w)
{
	write_begin(w, "[");
}

void json_end_array(struct json_writer *w)
{
	write_end(w, "]");
}

static bool is_plain(unsigned char c)
{
	return c >= ' ' && c < 0x80 && c != '"' && c != '\\';
}

static bool word_is_plain(uint64_t word)
{
	return (word_over_127(word) | word_under(word, ' ') | word_equal(word, '"') | word_equal(word, '\\')) == 0;
}

/* Eight bytes at a time: pictures of megabytes go out as base64. */
static const unsigned char *skip_plain(const unsigned char *at, const unsigned char *end)
{
	while (end - at >= WORD_BYTES && word_is_plain(word_load((const char *)at)))
		at += WORD_BYTES;
	while (at < end && is_plain(*at))
		at++;
	return at;
}

/* One character that is not plain ASCII; returns how many bytes of the text it was. */
static size_t write_special(struct json_writer *w, const unsigned char *at, size_t left)
{
	static const char names[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* the byte, then its letter */
	char escape[8];

	if (*at >= 0x80) {
		size_t len = utf8_sequence((const char *)at, left);
		if (len == 0)
			write_bytes(w, "\xef\xbf\xbd", 3);
		else
			write_bytes(w, (const char *)at, len);
		return len == 0 ? 1 : len;
	}
	for (size_t i = 0; i + 1 < sizeof(names); i += 2) {
		if (names[i] == (char)*at) {
			write_bytes(w, (const char[]){'\\', names[i + 1]}, 2);
			return 1;
		}
	}
	snprintf(escape, sizeof(escape), "\\u%04x", *at);
	write_bytes(w, escape, 6);
	return 1;
}

static void write_string(struct json_writer *w, const char *text, size_t len)
{
	const unsigned char *at = (const unsigned char *)text, *end = at + len;

	write_bytes(w, "\"", 1);
	while (at < end && !w->failed) {
		const unsigned char *run = at;
		at = skip_plain(at, end);
		write_bytes(w, (const char *)run, (size_t)(at - run));
		if (at < end)
			at += write_special(w, at, (size_t)(end - at));
	}
	write_bytes(w, "\"", 1);
}

void json_key(struct json_writer *w, const char *key)
{
	assert(!w->after_key);
	write_comma(w);
	write_string(w, key, strlen(key));
	write_bytes(w, ":", 1);
	w->after_key = true;
}

void json_text_n(struct json_writer *w, const char *text, size_t len)
{
	write_comma(w);
	write_string(w, text, len);
}

void json_text(struct json_writer *w, const char *text)
{
	if (text == NULL)
		json_null(w);
	else
		json_text_n(w, text, strlen(text));
}

void json_raw(struct json_writer *w, const char *text, size_t len)
{
	write_comma(w);
	write_bytes(w, text, len);
}

void json_number(struct json_writer *w, int64_t number)
{
	char text[32];

	json_raw(w, text, (size_t)snprintf(text, sizeof(text), "%" PRId64, number));
}

void json_unsigned(struct json_writer *w, uint64_t number)
{
	char text[32];

	json_raw(w, text, (size_t)snprintf(text, sizeof(text), "%" PRIu64, number));
}

void json_decimal(struct json_writer *w, double number)
{
	char text[40];
	int len;

	assert(isfinite(number));
	if (number == trunc(number) && fabs(number) < 1e15) {
		len = snprintf(text, sizeof(text), "%.0f", number);
	} else {
		int digits = 1;
		do
			len = snprintf(text, sizeof(text), "%.*g", digits, number);
		while (strtod(text, NULL) != number && digits++ < 17);
	}
	json_raw(w, text, (size_t)len);
}

void json_bool(struct json_writer *w, bool value)
{
	if (value)
		json_raw(w, "true", 4);
	else
		json_raw(w, "false", 5);
}

void json_null(struct json_writer *w)
{
	json_raw(w, "null", 4);
}

void json_member_text(struct json_writer *w, const char *key, const char *text)
{
	json_key(w, key);
	json_text(w, text);
}

void json_member_number(struct json_writer *w, const char *key, int64_t number)
{
	json_key(w, key);
	json_number(w, number);
}

void json_member_bool(struct json_writer *w, const char *key, bool value)
{
	json_key(w, key);
	json_bool(w, value);
}
