/* Requests through message, gate and forward. The first byte: 0x80 a trusted peer; the rest how bytes are cut. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_proxy.h"

#include "orchestrator/proxy/forward.h"
#include "orchestrator/proxy/gate.h"
#include "orchestrator/proxy/hop.h"

#include <assert.h>
#include <string.h>

#define BIT(id) (1u << (id))
#define MOST_ADDED 10 /* fields that forward may add */

static const struct gate_limits limits = {.body_bytes = 1000};
static const struct http_limits wide = {.head_bytes = 65536, .target_bytes = 65536};
static const uint32_t never_sent_on =
        BIT(HTTP_CONNECTION) | BIT(HTTP_KEEP_ALIVE) | BIT(HTTP_PROXY_CONNECTION) | BIT(HTTP_TE) | BIT(HTTP_TRAILER) |
        BIT(HTTP_TRANSFER_ENCODING) | BIT(HTTP_UPGRADE) | BIT(HTTP_PROXY_AUTHENTICATE) | BIT(HTTP_PROXY_AUTHORIZATION) |
        BIT(HTTP_CONTENT_LENGTH) | BIT(HTTP_EXPECT) | BIT(HTTP_HOST) | BIT(HTTP_X_FORWARDED_FOR) |
        BIT(HTTP_X_FORWARDED_PROTO) | BIT(HTTP_X_FORWARDED_HOST) | BIT(HTTP_X_REQUEST_ID) | BIT(HTTP_X_REAL_IP);
static const uint32_t not_sent_on_from_strangers = BIT(HTTP_FORWARDED) | BIT(HTTP_TRUE_CLIENT_IP) |
                                                   BIT(HTTP_X_ORIGINAL_URL) | BIT(HTTP_X_REWRITE_URL) |
                                                   BIT(HTTP_X_FORWARDED_OTHER);

static void check_target(const struct http_head *in, const struct http_head *out)
{
	struct http_text path = forward_path(in), sent = out->target;

	assert(path.len > 0);
	if (path.data[0] == '?') {
		assert(sent.data[0] == '/');
		sent = (struct http_text){sent.data + 1, sent.len - 1};
	}
	assert(fuzz_same(path, sent));
	assert(out->target.data[0] == '/' || (out->target.len == 1 && out->target.data[0] == '*'));
}

static void check_fields(const struct http_head *in, const struct http_head *out, const struct forward_from *from,
                         int64_t body_len)
{
	unsigned at = 0;
	struct http_text id = {from->request_id, (uint32_t)strlen(from->request_id)};
	struct http_text host = fuzz_field(out, &at, "host");
	uint32_t all = never_sent_on | not_sent_on_from_strangers;

	fuzz_fields_kept(in, out, from->trusted ? never_sent_on : all, all, &at);
	struct http_text peers = fuzz_field(out, &at, "x-forwarded-for");
	assert(peers.len >= 7 && memcmp(peers.data + peers.len - 7, "9.9.9.9", 7) == 0);
	assert(from->trusted || peers.len == 7);
	struct http_text real = fuzz_field(out, &at, "x-real-ip");
	assert(http_text_is(real, from->trusted ? "8.8.8.8" : "9.9.9.9"));
	struct http_text proto = fuzz_field(out, &at, "x-forwarded-proto");
	assert(from->trusted || http_text_is(proto, "http"));
	bool names_host = at < out->count && http_text_is(out->fields[at].name, "x-forwarded-host");
	assert(from->trusted || names_host == forward_has_host(in));
	if (names_host) {
		struct http_text their_host = fuzz_field(out, &at, "x-forwarded-host");
		assert(from->trusted || fuzz_same(their_host, host));
	}
	assert(fuzz_same(fuzz_field(out, &at, "x-request-id"), id));
	fuzz_field(out, &at, "via");
	if (body_len >= 0)
		fuzz_field(out, &at, "content-length");
	assert(at == out->count);
}

/* Counting down leaves a good head of the same length; one that ends here or is bad is left alone. */
static void check_hop(struct buf *sent)
{
	struct http_head out;
	size_t scanned = 0, len = sent->len;
	enum http_fault fault;

	(void)hop_take(sent);
	assert(sent->len == len);
	enum http_parse parse = http_head_parse_request(sent->data, sent->len, &wide, &scanned, &out, &fault);
	assert(parse == HTTP_PARSE_DONE && out.size == len);
}

static void check_forwarded(const struct http_head *in, const struct forward_from *from, int64_t body_len)
{
	struct http_head out;
	struct buf sent;
	size_t scanned = 0;
	enum http_fault fault;

	buf_init(&sent, 65536);
	bool fits = forward_request(&sent, in, from) &&
	            forward_request_end(&sent, body_len, false, (struct http_text){NULL, 0}) &&
	            (forward_has_host(in) || forward_host(&sent, "service"));
	assert(fits);
	enum http_parse parse = http_head_parse_request(sent.data, sent.len, &wide, &scanned, &out, &fault);
	if (in->count + MOST_ADDED > HTTP_HEAD_FIELDS) {
		buf_clear(&sent);
		return;
	}
	assert(parse == HTTP_PARSE_DONE && out.size == sent.len);
	assert(fuzz_same(in->method_text, out.method_text) && in->method == out.method);
	assert(out.minor == 1 && !out.chunked && !out.close && !out.upgrade && !out.expect_continue &&
	       !out.expect_other);
	assert(out.content_length == body_len);
	check_target(in, &out);
	check_fields(in, &out, from, body_len);
	check_hop(&sent);
	buf_clear(&sent);
}

static void on_head(const struct http_head *head, void *arg)
{
	const bool *trusted = arg;
	struct forward_ids ids = {0};
	char id[FORWARD_ID_SIZE];

	if (gate_judge(head, &limits).status != 0)
		return;
	assert(head->method != HTTP_CONNECT && head->content_length <= limits.body_bytes);
	forward_request_id(&ids, head, id);
	assert(id[0] != '\0' && strlen(id) < FORWARD_ID_SIZE);
	struct forward_from from = {.address = "9.9.9.9", .client = "8.8.8.8", .trusted = *trusted, .request_id = id};
	bool takes_body = head->method != HTTP_HEAD_METHOD && head->method != HTTP_TRACE;
	check_forwarded(head, &from, takes_body && (head->chunked || head->content_length >= 0) ? 17 : -1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	bool trusted = (data[0] & 0x80) != 0;
	size_t step = (data[0] & 0x7f) + 1u;
	fuzz_messages(MESSAGE_REQUEST, HTTP_GET, (const char *)data + 1, size - 1, step, on_head, &trusted);
	return 0;
}
