/* exchange_trial: a backend that was acquired, and the connection on which it was asked. */
#include "orchestrator/proxy/exchange_trial.h"

#include "orchestrator/proxy/pools.h"

#include <stdio.h>

/* For the access log: who has the request now, or answered it. */
static void note_container(struct exchange *exchange, const struct backend *backend)
{
	if (exchange->core->access_log == NULL)
		return;
	exchange->last_slot = backend_slot(backend);
	snprintf(exchange->last_container, sizeof(exchange->last_container), "%s", backend_container_id(backend));
}

void exchange_send(struct trial *trial, struct backend *backend, bool fresh)
{
	struct exchange *exchange = trial->exchange;
	struct request *request = exchange->request;
	struct upstream_request out = {
	        .method = request->method,
	        .head = {request->head.data, (uint32_t)request->head.len},
	        .body = {request->body.data, (uint32_t)request->body.len},
	        .fresh = fresh,
	        .response_timeout_ms = service_response_timeout_ms(exchange->service, exchange->core->config),
	};

	exchange->state = EXCHANGE_SENT;
	trial->backend = backend;
	exchange->tries++;
	exchange->past.broke = NULL; /* what an earlier reply broke says nothing of this try */
	note_container(exchange, backend);
	silence_wake(&exchange->core->silence);
	trial->upstream = upstream_send(&exchange->core->upstream, backend_address(backend), pool_of(backend), &out,
	                                exchange->reader, trial);
}

struct trial *exchange_other(struct exchange *exchange)
{
	return &exchange->trials[exchange->trial == &exchange->trials[0]];
}

bool exchange_is_hedging(const struct exchange *exchange)
{
	return exchange->trials[0].backend != NULL && exchange->trials[1].backend != NULL;
}

static void cancel_other(struct exchange *exchange)
{
	struct trial *other = exchange_other(exchange);
	struct backend *backend = other->backend;

	if (backend == NULL)
		return;
	upstream_cancel(other->upstream);
	other->upstream = NULL;
	other->backend = NULL;
	fleet_release(backend, FLEET_CANCELLED);
}

void exchange_settle(struct trial *trial)
{
	struct exchange *exchange = trial->exchange;

	exchange->trial = trial;
	if (!exchange_is_hedging(exchange))
		return;
	cancel_other(exchange);
	note_container(exchange, trial->backend);
}

void exchange_go_on_with_other(struct exchange *exchange)
{
	exchange->trial = exchange_other(exchange);
	note_container(exchange, exchange->trial->backend);
}

void exchange_release(struct exchange *exchange, enum fleet_outcome outcome)
{
	if (exchange->trial->backend == NULL)
		return;
	struct backend *backend = exchange->trial->backend;
	exchange->trial->backend = NULL;
	fleet_release(backend, outcome);
}

void exchange_cancel(struct exchange *exchange)
{
	if (exchange->trial->upstream != NULL)
		upstream_cancel(exchange->trial->upstream);
	exchange->trial->upstream = NULL;
}

void exchange_drop_upstream(struct exchange *exchange)
{
	if (exchange->question != NULL)
		health_ask_cancel(exchange->question);
	exchange->question = NULL;
	exchange_cancel(exchange);
	cancel_other(exchange);
}
