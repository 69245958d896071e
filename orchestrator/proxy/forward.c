/* forward: writes fields one by one; which ones stay is decided by their id, or by the Connection field naming them. */
#include "orchestrator/proxy/forward.h"

#include "common/hex.h"
#include "common/http_date.h"
#include "common/http_fields.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define VIA_REQUEST_1_1 "Via: 1.1 selfless\r\n"
#define VIA_1_0 "Via: 1.0 selfless\r\n"

#define BIT(id) (1u << (id))
#define HOP_BY_HOP                                                                                                     \
	(BIT(HTTP_CONNECTION) | BIT(HTTP_KEEP_ALIVE) | BIT(HTTP_PROXY_CONNECTION) | BIT(HTTP_TE) | BIT(HTTP_TRAILER) | \
	 BIT(HTTP_TRANSFER_ENCODING) | BIT(HTTP_UPGRADE) | BIT(HTTP_PROXY_AUTHENTICATE) |                              \
	 BIT(HTTP_PROXY_AUTHORIZATION))
#define REWRITTEN                                                                                   \
	(BIT(HTTP_CONTENT_LENGTH) | BIT(HTTP_EXPECT) | BIT(HTTP_HOST) | BIT(HTTP_X_FORWARDED_FOR) | \
	 BIT(HTTP_X_FORWARDED_PROTO) | BIT(HTTP_X_FORWARDED_HOST) | BIT(HTTP_X_REQUEST_ID) | BIT(HTTP_X_REAL_IP))
/* what a stranger may not say: whose address it is, and how it came to a proxy in front of us */
#define OF_PROXIES                                                                                             \
	(BIT(HTTP_FORWARDED) | BIT(HTTP_TRUE_CLIENT_IP) | BIT(HTTP_X_ORIGINAL_URL) | BIT(HTTP_X_REWRITE_URL) | \
	 BIT(HTTP_X_FORWARDED_OTHER))

#define LITERAL(literal) ((struct http_text){literal, sizeof(literal) - 1})

static struct http_text text_of(const char *text)
{
	return (struct http_text){text, (uint32_t)strlen(text)};
}

static bool put(struct buf *out, struct http_text text)
{
	return buf_add(out, text.data, text.len);
}

#define PUT_LITERAL(out, literal) buf_add(out, literal, sizeof(literal) - 1)

/* In one piece: most of a head are fields. */
static bool put_field(struct buf *out, struct http_text name, struct http_text value)
{
	size_t len = (size_t)name.len + value.len + 4;
	char *to = buf_room(out, len);

	if (to == NULL)
		return false;
	memcpy(to, name.data, name.len);
	memcpy(to + name.len, ": ", 2);
	memcpy(to + name.len + 2, value.data, value.len);
	memcpy(to + len - 2, "\r\n", 2);
	buf_extend(out, len);
	return true;
}

static bool put_length(struct buf *out, int64_t length)
{
	return PUT_LITERAL(out, "Content-Length: ") && buf_add_unsigned(out, (uint64_t)length) &&
	       PUT_LITERAL(out, "\r\n");
}

static bool is_named(const struct http_head *head, struct http_text name)
{
	for (unsigned i = 0; i < head->count; i++)
		if (head->fields[i].id == HTTP_CONNECTION && http_list_has(head->fields[i].value, name))
			return true;
	return false;
}

/* CGI and its children read "X_Forwarded_For" as X-Forwarded-For: what only looks like one of these fields would be a
 * second one there, and one that a client wrote. */
static bool is_lookalike(struct http_text name, uint32_t ids)
{
	char dashed[32]; /* what is longer can only be one by how it begins */

	if (memchr(name.data, '_', name.len) == NULL)
		return false;
	uint32_t len = name.len < sizeof(dashed) ? name.len : sizeof(dashed);
	for (uint32_t i = 0; i < len; i++)
		dashed[i] = name.data[i] == '_' ? '-' : name.data[i];
	enum http_field_id id = http_field_identify((struct http_text){dashed, len});
	return id != HTTP_OTHER && (ids & BIT(id)) != 0;
}

/* Fields that mean something to us, or that we may be trusted for, cannot be made hop-by-hop by naming them in Connection:
 * Host, Date, whose address it is. */
static bool put_fields(struct buf *out, const struct http_head *head, uint32_t drop, uint32_t lookalikes)
{
	for (unsigned i = 0; i < head->count; i++) {
		const struct http_field *field = &head->fields[i];
		if (field->id != HTTP_OTHER && (drop & BIT(field->id)) != 0)
			continue;
		if (head->names_fields && field->id == HTTP_OTHER && is_named(head, field->name))
			continue;
		if (field->id == HTTP_OTHER && is_lookalike(field->name, lookalikes))
			continue;
		if (!put_field(out, field->name, field->value))
			return false;
	}
	return true;
}

static bool is_absolute(struct http_text target)
{
	return target.len > 0 && target.data[0] != '/' && target.data[0] != '*';
}

/* http_head let only http:// and https:// through. */
static struct http_text absolute_authority(struct http_text target)
{
	const char *start = memchr(target.data, ':', target.len);

	start += 3;
	const char *end = target.data + target.len, *at = start;
	while (at < end && *at != '/' && *at != '?')
		at++;
	return (struct http_text){start, (uint32_t)(at - start)};
}

struct http_text forward_path(const struct http_head *head)
{
	struct http_text target = head->target;

	if (!is_absolute(target))
		return target;
	struct http_text authority = absolute_authority(target);
	const char *path = authority.data + authority.len, *end = target.data + target.len;
	if (path == end && head->method == HTTP_OPTIONS) /* RFC 9112 section 3.2.4 */
		return LITERAL("*");
	return path == end ? LITERAL("/") : (struct http_text){path, (uint32_t)(end - path)};
}

static bool put_request_line(struct buf *out, const struct http_head *head)
{
	struct http_text path = forward_path(head);
	bool query_only = path.data[0] == '?';

	return put(out, head->method_text) && PUT_LITERAL(out, " ") && (!query_only || PUT_LITERAL(out, "/")) &&
	       put(out, path) && PUT_LITERAL(out, " HTTP/1.1\r\n");
}

/* RFC 9112 section 3.2.2: the authority of an absolute-form target takes the place of Host. Empty: HTTP/1.0 without. */
static struct http_text effective_host(const struct http_head *head)
{
	if (is_absolute(head->target))
		return absolute_authority(head->target);
	const struct http_field *host = http_head_find(head, HTTP_HOST);
	return host != NULL ? host->value : LITERAL("");
}

bool forward_has_host(const struct http_head *head)
{
	return effective_host(head).len > 0;
}

/* Some servers refuse an empty Host (nginx does). */
static bool put_host(struct buf *out, const struct http_head *head)
{
	struct http_text host = effective_host(head);

	return host.len == 0 || put_field(out, LITERAL("Host"), host);
}

bool forward_host(struct buf *head, const char *name)
{
	const char *end = memchr(head->data, '\n', head->len);
	size_t line = (size_t)(end + 1 - head->data), rest = head->len - line;
	size_t more = strlen("Host: \r\n") + strlen(name);

	if (buf_room(head, more) == NULL)
		return false;
	char *at = head->data + line; /* it may lie elsewhere by now */
	memmove(at + more, at, rest);
	memcpy(at, "Host: ", 6);
	memcpy(at + 6, name, strlen(name));
	memcpy(at + more - 2, "\r\n", 2);
	buf_extend(head, more);
	return true;
}

static bool put_list(struct buf *out, const char *name, const struct http_head *head, enum http_field_id id,
                     struct http_text last)
{
	if (!buf_add_text(out, name))
		return false;
	for (unsigned i = 0; i < head->count; i++)
		if (head->fields[i].id == id && !(put(out, head->fields[i].value) && PUT_LITERAL(out, ", ")))
			return false;
	return put(out, last) && PUT_LITERAL(out, "\r\n");
}

/* What a trusted proxy in front said first stays; else what we see ourselves, if there is anything. */
static bool put_first(struct buf *out, struct http_text name, const struct http_field *kept, struct http_text own)
{
	struct http_text value = kept != NULL ? kept->value : own;

	return value.len == 0 || put_field(out, name, value);
}

static const struct http_field *trusted_field(const struct http_head *head, enum http_field_id id, bool trusted)
{
	return trusted && (head->seen & BIT(id)) != 0 ? http_head_find(head, id) : NULL;
}

bool forward_says_https(const struct http_head *head)
{
	const struct http_field *proto = trusted_field(head, HTTP_X_FORWARDED_PROTO, true);

	return proto != NULL && http_text_is(proto->value, "https");
}

/* Of most clients nothing is believed: what is said of them is put in one piece. */
static bool put_stranger(struct buf *out, const struct forward_from *from)
{
	static const char first[] = "X-Forwarded-For: ", second[] = "\r\nX-Real-IP: ",
	                  last[] = "\r\nX-Forwarded-Proto: http", secure[] = "s\r\n";
	size_t len = strlen(from->address);
	size_t all = sizeof(first) + sizeof(second) + sizeof(last) - 3 + 2 * len + 2 + from->secure;
	char *to = buf_room(out, all);

	if (to == NULL)
		return false;
	memcpy(to, first, sizeof(first) - 1);
	to += sizeof(first) - 1;
	memcpy(to, from->address, len);
	to += len;
	memcpy(to, second, sizeof(second) - 1);
	to += sizeof(second) - 1;
	memcpy(to, from->address, len);
	to += len;
	memcpy(to, last, sizeof(last) - 1);
	memcpy(to + sizeof(last) - 1, secure + !from->secure, 2 + from->secure);
	buf_extend(out, all);
	return true;
}

static bool put_trusted(struct buf *out, const struct http_head *head, const struct forward_from *from)
{
	return put_list(out, "X-Forwarded-For: ", head, HTTP_X_FORWARDED_FOR, text_of(from->address)) &&
	       put_field(out, LITERAL("X-Real-IP"), text_of(from->client)) &&
	       put_first(out, LITERAL("X-Forwarded-Proto"), trusted_field(head, HTTP_X_FORWARDED_PROTO, true),
	                 from->secure ? LITERAL("https") : LITERAL("http"));
}

static bool put_forwarded(struct buf *out, const struct http_head *head, const struct forward_from *from)
{
	bool ok = from->trusted ? put_trusted(out, head, from) : put_stranger(out, from);

	return ok &&
	       put_first(out, LITERAL("X-Forwarded-Host"), trusted_field(head, HTTP_X_FORWARDED_HOST, from->trusted),
	                 effective_host(head)) &&
	       put_field(out, LITERAL("X-Request-Id"), text_of(from->request_id));
}

static bool put_via(struct buf *out, const struct http_head *head)
{
	return head->minor == 0 ? PUT_LITERAL(out, VIA_1_0) : PUT_LITERAL(out, VIA_REQUEST_1_1);
}

bool forward_request(struct buf *out, const struct http_head *head, const struct forward_from *from)
{
	uint32_t drop = HOP_BY_HOP | REWRITTEN, all = drop | OF_PROXIES;

	return put_request_line(out, head) && put_host(out, head) &&
	       put_fields(out, head, from->trusted ? drop : all, all) && put_forwarded(out, head, from) &&
	       put_via(out, head);
}

bool forward_request_end(struct buf *out, int64_t body_len, bool upgrade, struct http_text protocols)
{
	if (body_len >= 0 && !put_length(out, body_len))
		return false;
	if (upgrade && !(PUT_LITERAL(out, "Connection: upgrade\r\n") && put_field(out, LITERAL("Upgrade"), protocols)))
		return false;
	return PUT_LITERAL(out, "\r\n");
}

static bool put_status_line(struct buf *out, const struct http_head *head)
{
	char line[16] = "HTTP/1.1 000 ";

	line[9] = (char)('0' + head->status / 100);
	line[10] = (char)('0' + head->status / 10 % 10);
	line[11] = (char)('0' + head->status % 10);
	return buf_add(out, line, 13) && put(out, head->reason) && PUT_LITERAL(out, "\r\n");
}

static bool put_reply_framing(struct buf *out, const struct http_head *head, enum forward_framing framing)
{
	if (framing == FORWARD_CHUNKED)
		return PUT_LITERAL(out, "Transfer-Encoding: chunked\r\n");
	if (framing == FORWARD_UNTIL_CLOSE || framing == FORWARD_NO_BODY || head->content_length < 0)
		return true;
	return put_length(out, head->content_length);
}

/* RFC 9110 section 6.6.1: a reply that comes without a date gets one; an interim one needs none. */
static bool put_date(struct buf *out, const struct http_head *head)
{
	if (head->status < 200 || (head->seen & BIT(HTTP_DATE)) != 0)
		return true;
	return buf_add(out, http_date_line(), HTTP_DATE_LINE_LEN);
}

static bool put_reply_connection(struct buf *out, const struct http_head *head, bool close, bool keep_alive_said)
{
	if (head->status == 101) {
		const struct http_field *upgrade = http_head_find(head, HTTP_UPGRADE);
		return PUT_LITERAL(out, "Connection: upgrade\r\n") &&
		       (upgrade == NULL || put_field(out, upgrade->name, upgrade->value));
	}
	if (head->status < 200)
		return true;
	if (close)
		return PUT_LITERAL(out, "Connection: close\r\n");
	return !keep_alive_said || PUT_LITERAL(out, "Connection: keep-alive\r\n");
}

bool forward_reply(struct buf *out, const struct http_head *head, enum forward_framing framing, bool close,
                   bool keep_alive_said)
{
	uint32_t drop = HOP_BY_HOP | BIT(HTTP_CONTENT_LENGTH);

	drop &= ~BIT(HTTP_PROXY_AUTHENTICATE);
	return put_status_line(out, head) && put_fields(out, head, drop, drop) && put_date(out, head) &&
	       put_via(out, head) && put_reply_framing(out, head, framing) &&
	       put_reply_connection(out, head, close, keep_alive_said) && PUT_LITERAL(out, "\r\n");
}

/* RFC 9110 section 6.5.1: no framing, routing or hop-by-hop fields in trailers. */
static bool is_trailer_allowed(struct http_text line)
{
	const char *colon = memchr(line.data, ':', line.len);
	enum http_field_id id = http_field_identify((struct http_text){line.data, (uint32_t)(colon - line.data)});

	return id == HTTP_OTHER || ((HOP_BY_HOP | REWRITTEN) & BIT(id)) == 0;
}

bool forward_last_chunk(struct buf *out, struct http_text trailers)
{
	bool ok = PUT_LITERAL(out, "0\r\n");
	const char *at = trailers.data, *end = trailers.len > 0 ? at + trailers.len : at;

	while (ok && at != end) {
		const char *next = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
		struct http_text line = {at, (uint32_t)(next - at)};
		ok = !is_trailer_allowed(line) || put(out, line);
		at = next;
	}
	return ok && PUT_LITERAL(out, "\r\n");
}

static bool is_request_id(struct http_text text)
{
	if (text.len == 0 || text.len >= FORWARD_ID_SIZE)
		return false;
	for (uint32_t i = 0; i < text.len; i++)
		if (text.data[i] < 0x21 || text.data[i] > 0x7e || text.data[i] == '"' || text.data[i] == '\\')
			return false;
	return true;
}

/* A random start and a count. */
void forward_new_id(struct forward_ids *ids, char id[FORWARD_ID_SIZE])
{
	if (ids->start == 0 && getrandom(&ids->start, sizeof(ids->start), 0) != (ssize_t)sizeof(ids->start))
		ids->start = (uint64_t)(uintptr_t)id;
	uint64_t number = (ids->start | 1) + ids->count++ * 0x9e3779b97f4a7c15u;
	for (int i = 15; i >= 0; i--) {
		id[i] = hex_digit((unsigned)number);
		number >>= 4;
	}
	id[16] = '\0';
}

void forward_request_id(struct forward_ids *ids, const struct http_head *head, char id[FORWARD_ID_SIZE])
{
	const struct http_field *field =
	        (head->seen & BIT(HTTP_X_REQUEST_ID)) != 0 ? http_head_find(head, HTTP_X_REQUEST_ID) : NULL;

	if (field == NULL || !is_request_id(field->value)) {
		forward_new_id(ids, id);
		return;
	}
	memcpy(id, field->value.data, field->value.len);
	id[field->value.len] = '\0';
}
