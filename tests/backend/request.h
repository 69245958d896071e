/* request: reads one HTTP/1.x request from a socket, leniently.  For the test backend only.
 *
 * Deliberately shares nothing with common/http_head: what the proxy lets through is to be seen by a second pair of eyes.
 * Whoever calls owns the struct; its texts live until the next request_read on the same connection.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define REQUEST_HEAD_MAX 65536
#define REQUEST_BODY_MAX (32u << 20)

struct connection {
	int fd;
	unsigned id;       /* counts accepted connections from 1 */
	unsigned requests; /* read on it so far */
	size_t held;       /* bytes in data that no request has used */
	char data[REQUEST_HEAD_MAX];
};

struct request {
	char head[REQUEST_HEAD_MAX]; /* as received, with the empty line; NUL behind */
	size_t head_len;
	char method[32];
	char target[REQUEST_HEAD_MAX]; /* as received */
	char path[4096];               /* without the query */
	const char *query;             /* into target; "" if there is none */
	size_t content_length;
	bool chunked;
	bool close; /* the client will not send another request */
	char *body; /* malloc, NULL until request_read_body */
	size_t body_len;
};

/* False when the peer closed or reset before a whole head was there. */
bool request_read_head(struct connection *connection, struct request *request);

/* Reads the body the head announces into request->body; false when the peer went away first or it is too large. */
bool request_read_body(struct connection *connection, struct request *request);
void request_clear(struct request *request);

/* Up to size bytes: first those held, then from the socket. 0 at the end, -1 on failure. */
long connection_read(struct connection *connection, char *to, size_t size);
bool connection_write(struct connection *connection, const char *data, size_t len);

/* The value of a field of the head, NUL-terminated, cut at size; false if there is none. */
bool request_field(const struct request *request, const char *name, char *value, size_t size);

/* A number or a text from the query (?name=value&...). */
long request_number(const struct request *request, const char *name, long fallback);
bool request_text(const struct request *request, const char *name, char *value, size_t size);
