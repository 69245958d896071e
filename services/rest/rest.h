/* rest: the HTTP side of a service: routes in, JSON out.  rest_*.c are the only files that know libevhtp.
 *
 * A request reaches its handler whole: head parsed by common/http_head, route and method found, names of the path
 * decoded, body complete and within the limit. The handler answers with exactly one rest_reply*, at once or later
 * (from the loop, never from another thread); until then the request is the handler's, also where the client has left
 * in the meantime: the reply then goes nowhere. What rest answers by itself: 400 404 405 408 413 414 417 431 501 503
 * 505, and OPTIONS.
 * It does not know what the routes mean, and stores nothing.
 */
#pragma once

#include "common/buf.h"
#include "common/err.h"
#include "common/http_head.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct rest_server;
struct rest_request;

typedef void rest_handler(struct rest_request *request, void *owner);

struct rest_route {
	enum http_method method; /* GET answers HEAD as well */
	const char *pattern;     /* "/api/v1/users/{username}": a segment in braces takes any non-empty one */
	rest_handler *on_request;
};

struct rest_service {
	const struct rest_route *routes;
	size_t route_count;
	void *owner; /* handed to every handler */
	/* Runs once for each well-formed request before it is routed; 0 goes on, a status is answered at once.
	 * path is what the client sent, without the query. */
	int (*on_arrival)(void *owner, enum http_method method, struct http_text path);
};

struct rest_options {
	const char *listen;      /* "address:port,unix:/path", a comma list */
	size_t max_body_bytes;   /* exactly this many still pass */
	size_t max_bodies_bytes; /* all request bodies held at one time; 503 beyond */
};

/* Listens at once; requests come once the loop runs. service is borrowed until rest_server_free. */
bool rest_server_open(struct event_base *base, const struct rest_options *options, const struct rest_service *service,
                      struct rest_server **server, struct err *err) MUST_CHECK;

/* Stops accepting; requests in flight are answered, then on_stopped(arg) runs (once, from the loop), at the latest
 * after limit_ms. */
void rest_server_stop(struct rest_server *server, int64_t limit_ms, void (*on_stopped)(void *arg), void *arg);

/* Closes what is left. No handler may still hold a request. NULL is fine. */
void rest_server_free(struct rest_server *server);

/* --- reading the request --------------------------------------------------------------------------------------- */

/* The i-th {name} of the pattern, decoded: UTF-8 without NUL (a NUL stands behind it). */
struct http_text rest_name(const struct rest_request *request, unsigned index);

/* The value of a query parameter as sent (not decoded). False if it is not there; if it is there twice, *value is
 * empty. */
bool rest_query(const struct rest_request *request, const char *key, struct http_text *value);

/* The request target as sent: path and query. */
struct http_text rest_target(const struct rest_request *request);

struct http_text rest_body(const struct rest_request *request);

/* Does If-None-Match name this entity tag (with its quotes)? */
bool rest_etag_matches(const struct rest_request *request, const char *etag);

/* The part of a representation of `size` bytes that is wanted (RFC 9110 section 14): REST_WHOLE where none is asked for, or
 * several are, or If-Range does not name this entity tag (with its quotes), or the method is HEAD; REST_NO_PART where there
 * are no such bytes. */
enum rest_part { REST_WHOLE, REST_PART, REST_NO_PART };
struct rest_span {
	size_t first, len;
};
enum rest_part rest_part_wanted(const struct rest_request *request, const char *etag, size_t size,
                                struct rest_span *span);

/* HEAD: the reply's body goes nowhere. */
bool rest_is_head(const struct rest_request *request);

/* Has the client left? */
bool rest_gone(const struct rest_request *request);

/* Does a path as sent lie at or under this one ("/api/v1/users"), segment by segment, escapes decoded? */
bool rest_path_under(struct http_text path, const char *prefix);

/* --- answering it ---------------------------------------------------------------------------------------------- */

/* Sent as ETag with the reply that follows. */
void rest_set_etag(struct rest_request *request, const char *etag);

/* More fields for the reply that follows: whole lines, each with its CR LF, at most 500 bytes; borrowed until then. */
void rest_set_fields(struct rest_request *request, const char *lines);

/* Takes over what json holds (it is empty afterwards). */
void rest_reply_json(struct rest_request *request, int status, struct buf *json);

/* JSON that stays the caller's. */
void rest_reply_bytes(struct rest_request *request, int status, const char *json, size_t len);

/* Fixed JSON text, such as "{}". */
void rest_reply_text(struct rest_request *request, int status, const char *json);

/* 200 with bytes of another type; they stay the caller's. */
void rest_reply_file(struct rest_request *request, const char *type, const void *data, size_t len);

/* Bytes of any type, for any status. Takes over what they hold. */
void rest_reply_content(struct rest_request *request, int status, const char *type, struct buf *bytes);

/* No body. */
void rest_reply_empty(struct rest_request *request, int status);

/* {"error": "..."} */
void rest_reply_error(struct rest_request *request, int status, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* JSON of unknown length, in pieces. on_ready(arg) runs once after each rest_stream_write: when the client has taken
 * the piece, or has left (rest_gone). Only then write the next one, or end: that is what keeps memory bounded. For a
 * client that left before the write on_ready does not come: ask rest_gone first, and end. After rest_stream_end the
 * request is gone. */
void rest_stream_begin(struct rest_request *request, int status, void (*on_ready)(void *arg), void *arg);

/* The same for bytes of another type whose number is known: as many must be written, none where it is HEAD. */
void rest_stream_begin_content(struct rest_request *request, int status, const char *type, size_t length,
                               void (*on_ready)(void *arg), void *arg);
void rest_stream_write(struct rest_request *request, struct buf *piece); /* takes over what it holds; not empty */
void rest_stream_end(struct rest_request *request, bool complete);       /* false: cut the connection instead */
