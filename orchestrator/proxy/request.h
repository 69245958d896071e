/* request: what is kept of a client's request until its reply is over: enough to send it again. */
#pragma once

#include "common/buf.h"
#include "common/http_head.h"
#include "orchestrator/proxy/forward.h"

struct request {
	enum http_method method;
	bool idempotent;
	bool http_1_0;
	bool close;      /* the client wants its connection closed after the reply */
	bool upgrade;    /* asks for another protocol */
	bool hostless;   /* its head has no Host yet: the name of its service goes there */
	struct buf head; /* as it is sent to a backend, whole */
	struct buf body;
	size_t target_at; /* the target within head */
	size_t target_len;
	char id[FORWARD_ID_SIZE];
	int64_t started_us; /* its head was complete */
};

struct request *request_new(size_t head_max, size_t body_max);
void request_free(struct request *request); /* NULL is fine; goes to a short list of spare ones */
void request_free_spares(void);

static inline struct http_text request_method(const struct request *request)
{
	return (struct http_text){request->head.data, (uint32_t)(request->target_at - 1)};
}

static inline struct http_text request_target(const struct request *request)
{
	return (struct http_text){request->head.data + request->target_at, (uint32_t)request->target_len};
}
