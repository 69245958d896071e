/* call: one request to admin and the ways to answer it.
 *
 * Exactly one answer a call; it may be read until then.
 */
#pragma once

#include "common/buf.h"
#include "orchestrator/admin/desk.h"
#include "orchestrator/admin/route.h"

struct evhttp_request;

#define CALL_REPLY_MAX (16 * 1024 * 1024)

struct call {
	struct desk *desk;
	struct evhttp_request *request;
	struct route_args args; /* what stood for the `*` of the route */
	bool is_peer;           /* it has the token of swarm.token_file */
	bool trusted;           /* it came over the unix socket, or has the token */
};

const char *call_header(const struct call *call, const char *name); /* NULL if it was not sent */
bool call_is_head(const struct call *call);
bool call_is_get(const struct call *call); /* or HEAD */

/* The body of the request, NUL-terminated; valid until the answer. */
const char *call_body(const struct call *call, size_t *len);

void call_add_header(const struct call *call, const char *name, const char *value);

/* Answers with these bytes. */
void call_reply(const struct call *call, int status, const char *type, const struct buf *body);

/* Answers with application/problem+json (RFC 9457). */
void call_problem(const struct call *call, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));
