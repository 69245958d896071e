/* upstream_send: a request begins: on a connection of the pool, or on a new one. */
#include "orchestrator/wire/upstream_private.h"

#include <assert.h>

struct upstream *upstream_send(const struct upstream_settings *settings, const struct address *address,
                               struct upstream_pool *pool, const struct upstream_request *request,
                               const struct upstream_reader *reader, void *arg)
{
	struct upstream *upstream = NULL;

	if (pool != NULL && !request->fresh)
		upstream = upstream_pool_take(pool, !http_method_idempotent(request->method));
	bool connected = upstream != NULL;
	if (!connected) {
		upstream = upstream_new(settings, address);
		if (pool != NULL)
			upstream_pool_add(pool, upstream);
	}
	assert(request->response_timeout_ms > 0 || settings->deadlines == NULL);
	upstream->request = *request;
	upstream->reader = *reader;
	upstream->arg = arg;
	upstream->written = 0;
	upstream->interims = 0;
	upstream->broke = NULL;
	upstream->fault = HTTP_FAULT_NONE;
	upstream->error = 0;
	upstream->begun.data = NULL;
	upstream->sent_us = clock_recent_us();
	upstream->waiting = upstream->pulse != NULL;
	if (upstream->waiting)
		pulse_begin(upstream->pulse, upstream->sent_us);
	upstream->got_bytes = upstream->got_head = upstream->keep = upstream->paused = upstream->write_failed = false;
	message_start(&upstream->message, request->method);
	buf_reset(&upstream->trailers);
	if (connected)
		upstream_start(upstream);
	else
		upstream_open(upstream);
	return upstream;
}
