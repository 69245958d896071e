/* message: reads HTTP/1.x messages, one behind the other, from bytes as they come. Pure, fuzzed.
 *
 * Both sides of the proxy read through it: requests from clients, responses from backends. It knows framing
 * (RFC 9112 section 6.3) and nothing of policy.
 */
#pragma once

#include "common/http_chunked.h"
#include "common/http_head.h"

enum message_kind { MESSAGE_REQUEST, MESSAGE_RESPONSE };

enum message_state { MESSAGE_IN_HEAD, MESSAGE_IN_LENGTH, MESSAGE_IN_CHUNKS, MESSAGE_IN_REST, MESSAGE_AT_END };

struct message {
	enum message_kind kind;
	enum message_state state;
	enum http_method method; /* response: of the request it answers */
	int64_t left;            /* IN_LENGTH: bytes of body to come */
	size_t scanned;          /* IN_HEAD: bytes looked at already */
	struct http_limits limits;
	struct http_chunked chunked;
	struct buf *trailers; /* borrowed; NULL: the trailers of a chunked body are skipped (see http_chunked) */
};

enum message_event {
	MESSAGE_MORE, /* all that could be used was used; bring more behind what was not */
	MESSAGE_HEAD, /* head is filled, with views into data; 1xx responses but 101 come as a HEAD of their own */
	MESSAGE_BODY, /* piece of body, a view into data */
	MESSAGE_END,  /* the message is complete; the next call would start the next one (message_start first) */
	MESSAGE_BAD,  /* fault says why; the reader must not be used again */
};

void message_init(struct message *message, enum message_kind kind, const struct http_limits *limits);

/* A new message starts. method: response: of the request it answers. */
void message_start(struct message *message, enum http_method method);

/* The next event. data starts at the first byte not used so far; *used says how many bytes of it this event used.
 * In a head nothing is used until it is complete. */
enum message_event message_next(struct message *message, const char *data, size_t len, size_t *used,
                                struct http_head *head, struct http_text *piece, enum http_fault *fault);

/* The peer closed: true if that ends the message (a response without a length), false if it is cut. */
bool message_close(struct message *message);
