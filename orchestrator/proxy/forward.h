/* forward: the heads we send on: hop-by-hop fields out, forwarding fields in. Pure, fuzzed.
 *
 * RFC 9110 section 7.6 (Connection, Via), section 6.6.1 (Date), RFC 9112 (framing); X-Forwarded-For, -Proto and -Host are
 * appended, or replaced where the peer is not trusted; dropped then is what else only a proxy in front may say: Forwarded (RFC
 * 7239), any other X-Forwarded- field, True-Client-IP (whose address), X-Original-URL and X-Rewrite-URL (which some programs
 * take for the path). X-Real-IP is always ours.
 */
#pragma once

#include "common/buf.h"
#include "common/http_head.h"

#include <stdbool.h>

#define FORWARD_ID_SIZE 129 /* X-Request-Id: up to 128 bytes and a NUL */

struct forward_from {
	const char *address; /* the peer's, as text */
	const char *client;  /* whom it speaks for, or itself: see client */
	bool trusted;        /* the peer's X-Forwarded-* fields are kept */
	bool secure;         /* it speaks TLS to us */
	const char *request_id;
};

/* The path of the target in origin-form: of an absolute-form target the part behind the authority, "/" if empty
 * ("*" for OPTIONS); "*" stays. */
struct http_text forward_path(const struct http_head *head);

/* The request head for a backend, without its framing and without the empty line. False: it does not fit. */
bool forward_request(struct buf *out, const struct http_head *head, const struct forward_from *from) MUST_CHECK;

/* Does the field of a proxy in front, which must be a trusted one, say that the request came by https? */
bool forward_says_https(const struct http_head *head);

/* Does the request say whom it is for? Where not, its head has no Host yet, and the last word is forward_host's. */
bool forward_has_host(const struct http_head *head);

/* Puts a Host field behind the request line of a head that has none. False: it does not fit. */
bool forward_host(struct buf *head, const char *name) MUST_CHECK;

/* Framing and the empty line. body_len -1: the request has no body and says so by having no length. */
bool forward_request_end(struct buf *out, int64_t body_len, bool upgrade, struct http_text protocols) MUST_CHECK;

enum forward_framing {
	FORWARD_NO_BODY, /* no framing field at all (1xx, 204) */
	FORWARD_AS_IS,   /* Content-Length as it came, or none (HEAD, 304) */
	FORWARD_LENGTH,  /* Content-Length as it came */
	FORWARD_CHUNKED,
	FORWARD_UNTIL_CLOSE, /* HTTP/1.0 client, length unknown */
};

/* The reply head for a client, complete. */
bool forward_reply(struct buf *out, const struct http_head *head, enum forward_framing framing, bool close,
                   bool keep_alive_said) MUST_CHECK;

/* The end of a chunked reply: the last chunk, those trailer fields that may be sent on, the empty line. */
bool forward_last_chunk(struct buf *out, struct http_text trailers) MUST_CHECK;

/* Where ids come from; all zero is ready for use. */
struct forward_ids {
	uint64_t start, count;
};

/* Unique, not secret. */
void forward_new_id(struct forward_ids *ids, char id[FORWARD_ID_SIZE]);

/* The X-Request-Id that came, if it is one (1..128 visible characters), else a new one. */
void forward_request_id(struct forward_ids *ids, const struct http_head *head, char id[FORWARD_ID_SIZE]);
