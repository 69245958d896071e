/* exchange_seek: to a backend that is ready, or into the list of those who wait for one. */
#include "orchestrator/proxy/exchange_seek.h"

#include "common/container_of.h"
#include "orchestrator/proxy/exchange_end.h"
#include "orchestrator/proxy/exchange_trial.h"

#include <stdio.h>

static const char removed[] = "the service was taken out of the configuration";

static bool is_worth_waiting(const struct exchange *exchange)
{
	const struct service *service = exchange->service;

	return service_may_recover(service, &exchange->past.tried) || supervisor_is_short(service->supervisor);
}

static void hold(struct exchange *exchange)
{
	const struct config *config = exchange->core->config;
	int64_t left_us = config->hold_ms * 1000 - exchange->hold.us;

	if (left_us <= 0) {
		exchange_give_up(exchange, 503, "no container got ready in time");
		return;
	}
	if (!service_hold(exchange->service, &exchange->hold.held, config->hold_max)) {
		exchange_give_up(exchange, 503, "no container is ready, and as many requests wait already as may");
		return;
	}
	exchange->hold.since_us = clock_us();
	exchange->hold.bytes = (int64_t)exchange->request->head.len;
	if (conns_buffer(exchange->core->conns, exchange->hold.bytes, NULL) != CONNS_ROOM) {
		exchange->hold.bytes = 0;
		exchange_give_up(exchange, 503,
		                 "no container is ready, and those that wait already are as large as may be");
		return;
	}
	exchange->state = EXCHANGE_HELD;
	supervisor_set_waiting(exchange->service->supervisor, exchange->service->held_count);
	deadline_set(&exchange->deadline, exchange->hold.since_us + left_us);
}

/* Where a pooled connection was of no use a new one is tried first. */
static struct backend *acquire(struct exchange *exchange)
{
	struct fleet *fleet = exchange->service->fleet;
	struct backend *same = exchange->past.stale != 0 ? fleet_acquire_again(fleet, exchange->past.stale) : NULL;

	if (same != NULL)
		return same;
	exchange->past.stale = 0;
	return fleet_acquire(fleet, &exchange->past.tried);
}

static void turn_away(struct exchange *exchange, const struct supervisor_obstacle *obstacle)
{
	char detail[SUPERVISOR_MESSAGE_SIZE + 64];

	snprintf(detail, sizeof(detail), "no container can be made now: %s", obstacle->message);
	exchange_turn_away(exchange, detail, obstacle->retry_us);
}

void exchange_seek(struct exchange *exchange)
{
	struct backend *backend = acquire(exchange);
	struct supervisor_obstacle obstacle;

	if (backend != NULL)
		exchange_send(exchange->trial, backend, exchange->past.fresh);
	else if (exchange->service->retired)
		exchange_give_up(exchange, 503, removed);
	else if (!service_has_backend(exchange->service) &&
	         supervisor_is_obstructed(exchange->service->supervisor, &obstacle))
		turn_away(exchange, &obstacle);
	else if (is_worth_waiting(exchange))
		hold(exchange);
	else
		exchange_give_up(exchange, 502, "the containers that the request was tried on failed");
}

static void unhold(struct exchange *exchange)
{
	exchange_leave_held(exchange);
	deadline_clear(&exchange->deadline);
}

void exchange_hold_ended(struct exchange *exchange)
{
	unhold(exchange);
	exchange_give_up(exchange, 503, "no container got ready in time");
}

void exchange_release_held(struct service *service)
{
	/* those that must wait on go to the end of the list: each is looked at once */
	for (size_t count = service->held_count; count > 0 && service->first_held != NULL; count--) {
		struct exchange *exchange = container_of(service->first_held, struct exchange, hold.held);
		unhold(exchange);
		exchange_seek(exchange);
	}
}

void exchange_dismiss_held(struct service *service)
{
	while (service->first_held != NULL) {
		struct exchange *exchange = container_of(service->first_held, struct exchange, hold.held);
		unhold(exchange);
		exchange_give_up(exchange, 503, removed);
	}
}
