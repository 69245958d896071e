/* request: what is kept of a client's request until its reply is over: enough to send it again.
 *
 * Its head is written as it is sent to a backend, when it is read, so that it is read once. How it came to us (framing,
 * connection) is its kind of turn's business.
 */
#pragma once

#include "common/buf.h"
#include "common/http_head.h"
#include "orchestrator/proxy/forward.h"
#include "orchestrator/proxy/gate.h"
#include "orchestrator/proxy/peer.h"

struct request {
	enum http_method method;
	bool idempotent;
	bool upgrade;    /* asks for another protocol */
	bool hostless;   /* its head has no Host yet: the name of its service goes there */
	bool secure;     /* it came by https, to us or to a trusted proxy */
	struct buf head; /* as it is sent to a backend, whole */
	struct buf body;
	size_t target_at; /* the target within head; 0: it was not taken */
	size_t target_len;
	char id[FORWARD_ID_SIZE];
	const char *
	        client; /* as text: the peer, or whom it speaks for, if it is trusted; lives as long as the peer, or here */
	const char *protocol; /* that it came by: "HTTP/1.1"; static */
	char spoken_for[INET6_ADDRSTRLEN];
	int64_t started_us; /* its head was complete */
};

/* Why a head that the gate let in is refused: 431. */
extern const char request_too_large[];

/* Embedded in a turn. Sizes are the most bytes that each buffer takes. */
void request_init(struct request *request, size_t head_max, size_t body_max);

/* For the next one: nothing is in it, a head's memory stays. Sizes as for request_init. */
void request_reset(struct request *request, size_t head_max, size_t body_max);
void request_clear(struct request *request); /* frees the buffers */

/* Takes a well formed head. status 0: it is in. Else that is the status to refuse it with; id, client and protocol are known all
 * the same, and nothing else. */
struct gate_verdict request_take_head(struct request *request, const struct http_head *head, const struct peer *peer,
                                      int64_t body_max);

/* A request without a body: its head is whole. False: it does not fit. */
bool request_end_head(struct request *request, const struct http_head *head) MUST_CHECK;

/* The body was taken: its length ends the head. False: it does not fit. */
bool request_end_body(struct request *request) MUST_CHECK;

/* Both empty as long as no head was taken. */
static inline struct http_text request_method(const struct request *request)
{
	uint32_t len = request->target_at > 0 ? (uint32_t)(request->target_at - 1) : 0;

	return (struct http_text){request->head.data, len};
}

/* The host that it asks for, as it came, maybe with a port; empty where it names none. */
struct http_text request_host(const struct request *request);

static inline struct http_text request_target(const struct request *request)
{
	return (struct http_text){request->head.data + request->target_at, (uint32_t)request->target_len};
}
