/* Responses through message and forward. The first byte: 0x80 to an HTTP/1.0 client, 0x60 the method that was asked
 * with, the rest how bytes are cut. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_proxy.h"

#include "orchestrator/proxy/forward.h"

#include <assert.h>

#define BIT(id) (1u << (id))
#define MOST_ADDED 6

static const struct http_limits wide = {.head_bytes = 65536, .target_bytes = 0};
static const uint32_t never_sent_on = BIT(HTTP_CONNECTION) | BIT(HTTP_KEEP_ALIVE) | BIT(HTTP_PROXY_CONNECTION) |
                                      BIT(HTTP_TE) | BIT(HTTP_TRAILER) | BIT(HTTP_TRANSFER_ENCODING) |
                                      BIT(HTTP_UPGRADE) | BIT(HTTP_PROXY_AUTHORIZATION) | BIT(HTTP_CONTENT_LENGTH);

struct asked {
	enum http_method method;
	bool http_1_0;
};

/* As an exchange chooses. */
static enum forward_framing framing_of(const struct http_head *head, const struct asked *asked)
{
	if (!http_response_has_body(head, asked->method))
		return head->status < 200 || head->status == 204 ? FORWARD_NO_BODY : FORWARD_AS_IS;
	if (head->content_length >= 0)
		return FORWARD_LENGTH;
	return asked->http_1_0 ? FORWARD_UNTIL_CLOSE : FORWARD_CHUNKED;
}

static void check_fields(const struct http_head *in, const struct http_head *out, enum forward_framing framing,
                         bool close)
{
	unsigned at = 0;

	fuzz_fields_kept(in, out, never_sent_on, never_sent_on, &at);
	if (in->status >= 200 && http_head_find(in, HTTP_DATE) == NULL)
		fuzz_field(out, &at, "date");
	fuzz_field(out, &at, "via");
	if (framing == FORWARD_CHUNKED)
		fuzz_field(out, &at, "transfer-encoding");
	if (out->content_length >= 0)
		fuzz_field(out, &at, "content-length");
	if (in->status == 101 || (in->status >= 200 && close))
		fuzz_field(out, &at, "connection");
	if (in->status == 101 && http_head_find(in, HTTP_UPGRADE) != NULL)
		fuzz_field(out, &at, "upgrade");
	assert(at == out->count);
}

static void on_head(const struct http_head *in, void *arg)
{
	const struct asked *asked = arg;
	enum forward_framing framing = framing_of(in, asked);
	bool close = framing == FORWARD_UNTIL_CLOSE;
	struct http_head out;
	struct buf sent;
	size_t scanned = 0;
	enum http_fault fault;

	buf_init(&sent, 65536);
	bool fits = forward_reply(&sent, in, framing, close, false);
	assert(fits);
	enum http_parse parse = http_head_parse_response(sent.data, sent.len, &wide, &scanned, &out, &fault);
	if (in->count + MOST_ADDED <= HTTP_HEAD_FIELDS) {
		assert(parse == HTTP_PARSE_DONE && out.size == sent.len);
		assert(out.status == in->status && out.minor == 1 && out.chunked == (framing == FORWARD_CHUNKED));
		assert(fuzz_same(in->reason, out.reason));
		bool has_length = framing == FORWARD_LENGTH || framing == FORWARD_AS_IS;
		assert(out.content_length == (has_length ? in->content_length : -1));
		check_fields(in, &out, framing, close);
	}
	buf_clear(&sent);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum http_method methods[] = {HTTP_GET, HTTP_HEAD_METHOD, HTTP_POST, HTTP_DELETE};

	if (size < 1)
		return 0;
	struct asked asked = {methods[data[0] >> 5 & 3], (data[0] & 0x80) != 0};
	size_t step = (data[0] & 0x1f) + 1u;
	fuzz_messages(MESSAGE_RESPONSE, asked.method, (const char *)data + 1, size - 1, step, on_head, &asked);
	return 0;
}
