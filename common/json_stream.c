/* json_stream: JSON objects one behind the other, cut out of a stream of bytes.
 *
 * stream_scan looks for the end of the object that is open -> json_parse reads it whole -> on_value. Scanning only
 * needs to know brackets and strings; whether it is JSON at all is json_parse's to say.
 *
 * Invariant: `held` has the start of the object that is not all there yet, and all of it has been scanned.
 */
#include "common/json.h"

#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

struct json_stream {
	json_stream_value *on_value;
	void *arg;
	struct buf held;
	size_t depth; /* brackets open; 0 = between two objects */
	bool in_string, after_backslash;
};

struct json_stream *json_stream_new(size_t max_value_bytes, json_stream_value *on_value, void *arg)
{
	struct json_stream *stream = mem_zero(sizeof(*stream));

	stream->on_value = on_value;
	stream->arg = arg;
	buf_init(&stream->held, max_value_bytes);
	return stream;
}

void json_stream_free(struct json_stream *stream)
{
	if (stream == NULL)
		return;
	buf_clear(&stream->held);
	free(stream);
}

static void stream_string_byte(struct json_stream *stream, char c)
{
	if (stream->after_backslash)
		stream->after_backslash = false;
	else if (c == '\\')
		stream->after_backslash = true;
	else if (c == '"')
		stream->in_string = false;
}

/* Takes bytes of the open object; true where its last one was taken. */
static bool stream_scan(struct json_stream *stream, const char *data, size_t len, size_t *at)
{
	while (*at < len) {
		char c = data[(*at)++];
		if (stream->in_string)
			stream_string_byte(stream, c);
		else if (c == '"')
			stream->in_string = true;
		else if (c == '{' || c == '[')
			stream->depth++;
		else if ((c == '}' || c == ']') && --stream->depth == 0)
			return true;
	}
	return false;
}

static bool stream_deliver(struct json_stream *stream, const char *text, size_t len, struct err *err)
{
	struct json_doc *doc;

	if (len > stream->held.max)
		return err_set(err, "a value of more than %zu bytes", stream->held.max);
	if (!json_parse(text, len, NULL, &doc, err))
		return false;
	stream->on_value(json_root(doc), stream->arg);
	json_free(doc);
	return true;
}

/* The object in data[from..at) is complete: alone, or as the end of what was held. */
static bool stream_complete(struct json_stream *stream, const char *data, size_t len, struct err *err)
{
	if (stream->held.len == 0)
		return stream_deliver(stream, data, len, err);
	if (!buf_add(&stream->held, data, len))
		return err_set(err, "a value of more than %zu bytes", stream->held.max);
	bool ok = stream_deliver(stream, stream->held.data, stream->held.len, err);
	buf_reset(&stream->held);
	return ok;
}

bool json_stream_feed(struct json_stream *stream, const char *data, size_t len, struct err *err)
{
	size_t at = 0;

	while (at < len) {
		if (stream->depth == 0) {
			if (memchr(" \t\r\n", data[at], 4) != NULL) {
				at++;
				continue;
			}
			if (data[at] != '{')
				return err_set(err, "something other than a JSON object in the stream");
		}
		size_t from = at;
		if (!stream_scan(stream, data, len, &at)) {
			if (!buf_add(&stream->held, data + from, at - from))
				return err_set(err, "a value of more than %zu bytes", stream->held.max);
			return true;
		}
		if (!stream_complete(stream, data + from, at - from, err))
			return false;
	}
	return true;
}
