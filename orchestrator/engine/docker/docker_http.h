/* docker_http: HTTP/1.1 requests to the Docker Engine's unix socket, on libcurl's multi interface and the event base.
 *
 * Knows nothing of Docker but the socket. One final callback a request, never before the call that sends it has
 * returned, and never from inside libcurl: a callback may send and cancel as it likes (but not free the docker_http).
 * A request's handle is dead as soon as its final callback starts.
 */
#pragma once

#include "orchestrator/engine/docker/docker_trouble.h"

#include <stddef.h>

struct event_base;
struct docker_http;
struct docker_http_request;

#define DOCKER_HTTP_REPLY_MAX (8u << 20) /* most bytes of one reply */

struct docker_reply {
	enum docker_http_end end;
	int status;
	const char *api_version; /* of field Api-Version; "" without */
	const char *body;        /* NUL behind; may be empty */
	size_t len;
	const char *message; /* unless REPLIED: what happened and what to do */
};

typedef void docker_http_reply(const struct docker_reply *reply, void *arg);

struct docker_http_ask {
	const char *method;
	const char *path; /* with the query, escaped */
	const char *body; /* JSON; NULL = none */
	size_t body_len;
	int timeout_ms; /* for the whole request */
};

/* A reply without end. on_head: the server accepted (status 200). Then on_data, any number of times. on_end: it is
 * over, for whatever reason; with another status than 200 it is the only callback. No deadline but for the connect. */
struct docker_http_stream {
	void (*on_head)(void *arg);
	void (*on_data)(const char *bytes, size_t len, void *arg);
	docker_http_reply *on_end;
};

struct docker_http *docker_http_new(struct event_base *base, const char *socket_path);
void docker_http_free(struct docker_http *http); /* not from a callback; what is in flight ends without one */

/* Arguments are borrowed for the call. */
struct docker_http_request *docker_http_send(struct docker_http *http, const struct docker_http_ask *ask,
                                             docker_http_reply *on_reply, void *arg);
struct docker_http_request *docker_http_open(struct docker_http *http, const char *path,
                                             const struct docker_http_stream *stream, void *arg);

/* Ends a request; no callback of it follows. */
void docker_http_cancel(struct docker_http_request *request);
