/* fuzz_proxy: reads twice, and checks fields with code of its own, slow and plain. */
#include "tests/fuzz/fuzz_proxy.h"

#include "common/mem.h"
#include "orchestrator/proxy/forward.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct http_limits limits = {.head_bytes = 4096, .target_bytes = 1024};

struct reading {
	struct message message;
	enum http_method method;
	struct buf kept;  /* bytes that were not used yet */
	struct buf story; /* events and body bytes; pieces of a body are told as one */
	struct buf trailers;
	fuzz_on_head *on_head;
	void *arg;
	bool bad;
};

static void tell(struct reading *reading, char event, const char *data, size_t len)
{
	bool ok = (event == '\0' || buf_add(&reading->story, &event, 1)) && buf_add(&reading->story, data, len);

	assert(ok);
}

/* What is sent on behind the last piece ends the chunked body, there and nowhere else. */
static void check_last_chunk(const struct buf *trailers)
{
	struct http_chunked chunked;
	struct buf out;
	size_t at = 0, piece = 0, piece_len = 0;

	buf_init(&out, trailers->len + 16);
	bool fits = forward_last_chunk(&out, (struct http_text){trailers->data, (uint32_t)trailers->len});
	assert(fits);
	http_chunked_init(&chunked);
	enum http_parse parse = http_chunked_next(&chunked, out.data, out.len, &at, &piece, &piece_len);
	assert(parse == HTTP_PARSE_DONE && at == out.len && piece_len == 0);
	buf_clear(&out);
}

/* One event. False: nothing more can be read now. */
static bool step_on(struct reading *reading)
{
	struct http_head head;
	struct http_text piece = {NULL, 0};
	enum http_fault fault = HTTP_FAULT_NONE;
	size_t used = 0, len = reading->kept.len;
	char *exact = mem_dup_n(reading->kept.data, len);
	char *data = mem_grow(exact, len + (len == 0)); /* a read behind the end is seen */
	enum message_event event = message_next(&reading->message, data, len, &used, &head, &piece, &fault);

	assert(used <= len);
	if (event == MESSAGE_HEAD) {
		tell(reading, 'H', data, used);
		if (reading->on_head != NULL)
			reading->on_head(&head, reading->arg);
	}
	if (event == MESSAGE_BODY) {
		assert(piece.len > 0 && piece.data >= data && piece.data + piece.len <= data + used);
		tell(reading, '\0', piece.data, piece.len);
	}
	if (event == MESSAGE_END) {
		tell(reading, 'E', reading->trailers.data, reading->trailers.len);
		check_last_chunk(&reading->trailers);
		buf_reset(&reading->trailers);
		message_start(&reading->message, reading->method);
	}
	if (event == MESSAGE_BAD) {
		assert(fault != HTTP_FAULT_NONE && http_fault_status(fault) >= 400);
		tell(reading, 'B', "", 0);
		reading->bad = true;
	}
	buf_drop(&reading->kept, used);
	free(data);
	return event != MESSAGE_MORE && event != MESSAGE_BAD && (event != MESSAGE_END || reading->kept.len > 0);
}

static void read_pieces(struct reading *reading, const char *data, size_t len, size_t step)
{
	for (size_t at = 0; at < len && !reading->bad; at += step) {
		size_t piece = step < len - at ? step : len - at;
		bool fits = buf_add(&reading->kept, data + at, piece);
		assert(fits);
		while (step_on(reading))
			;
	}
}

static void start(struct reading *reading, enum message_kind kind, enum http_method method, size_t len)
{
	memset(reading, 0, sizeof(*reading));
	message_init(&reading->message, kind, &limits);
	message_start(&reading->message, method);
	reading->method = method;
	buf_init(&reading->kept, len);
	buf_init(&reading->story, len * 3 + 16);
	buf_init(&reading->trailers, len);
	reading->message.trailers = &reading->trailers;
}

static void clear(struct reading *reading)
{
	buf_clear(&reading->kept);
	buf_clear(&reading->story);
	buf_clear(&reading->trailers);
}

void fuzz_messages(enum message_kind kind, enum http_method method, const char *data, size_t len, size_t step,
                   fuzz_on_head *on_head, void *arg)
{
	struct reading whole, pieces;

	start(&whole, kind, method, len);
	start(&pieces, kind, method, len);
	whole.on_head = on_head;
	whole.arg = arg;
	read_pieces(&whole, data, len, len + 1);
	read_pieces(&pieces, data, len, step);
	assert(whole.bad == pieces.bad && whole.story.len == pieces.story.len);
	assert(whole.story.len == 0 || memcmp(whole.story.data, pieces.story.data, whole.story.len) == 0);
	assert(message_close(&whole.message) == message_close(&pieces.message));
	clear(&whole);
	clear(&pieces);
}

bool fuzz_same(struct http_text a, struct http_text b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static bool is_named_by_connection(const struct http_head *head, const char *name)
{
	struct http_text wanted = {name, (uint32_t)strlen(name)};

	for (unsigned i = 0; i < head->count; i++)
		if (head->fields[i].id == HTTP_CONNECTION && http_list_has(head->fields[i].value, wanted))
			return true;
	return false;
}

/* With underscores for dashes it is a field that may not come from there. */
static bool is_disguised(const char *name, uint32_t dropped)
{
	static const struct {
		const char *name;
		enum http_field_id id;
	} known[] = {
	        {"content-length", HTTP_CONTENT_LENGTH},
	        {"transfer-encoding", HTTP_TRANSFER_ENCODING},
	        {"x-forwarded-for", HTTP_X_FORWARDED_FOR},
	        {"x-forwarded-host", HTTP_X_FORWARDED_HOST},
	        {"x-request-id", HTTP_X_REQUEST_ID},
	        {"x-forwarded-proto", HTTP_X_FORWARDED_PROTO},
	        {"keep-alive", HTTP_KEEP_ALIVE},
	        {"proxy-connection", HTTP_PROXY_CONNECTION},
	        {"proxy-authorization", HTTP_PROXY_AUTHORIZATION},
	        {"proxy-authenticate", HTTP_PROXY_AUTHENTICATE},
	        {"x-real-ip", HTTP_X_REAL_IP},
	        {"true-client-ip", HTTP_TRUE_CLIENT_IP},
	        {"x-original-url", HTTP_X_ORIGINAL_URL},
	        {"x-rewrite-url", HTTP_X_REWRITE_URL},
	        {"x-forwarded-", HTTP_X_FORWARDED_OTHER},
	};
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		size_t at = 0;
		while (name[at] != '\0' && strncasecmp(name[at] == '_' ? "-" : name + at, known[i].name + at, 1) == 0)
			at++;
		bool whole = known[i].name[at] == '\0' && (name[at] == '\0' || known[i].id == HTTP_X_FORWARDED_OTHER);
		if (whole && (dropped & (1u << known[i].id)) != 0)
			return true;
	}
	return false;
}

void fuzz_fields_kept(const struct http_head *in, const struct http_head *out, uint32_t dropped, uint32_t disguised,
                      unsigned *at)
{
	for (unsigned i = 0; i < in->count; i++) {
		const struct http_field *field = &in->fields[i];
		char *name = mem_dup_n(field->name.data, field->name.len);
		bool gone = (field->id != HTTP_OTHER && (dropped & (1u << field->id)) != 0) ||
		            (field->id == HTTP_OTHER && is_named_by_connection(in, name)) ||
		            (field->id == HTTP_OTHER && is_disguised(name, disguised));
		free(name);
		if (gone)
			continue;
		assert(*at < out->count);
		assert(fuzz_same(field->name, out->fields[*at].name) &&
		       fuzz_same(field->value, out->fields[*at].value));
		++*at;
	}
}

struct http_text fuzz_field(const struct http_head *head, unsigned *at, const char *name)
{
	assert(*at < head->count && http_text_is(head->fields[*at].name, name));
	return head->fields[(*at)++].value;
}
