/* service: one service as the proxy sees it: its supervisor, its counters, and the requests that are held for it.
 *
 * Held: no backend is ready, so they wait, in order of arrival, and are let go when one gets ready. At most hold_max,
 * each at most hold_ms in all.
 */
#pragma once

#include "orchestrator/config/config.h"
#include "orchestrator/fleet/supervisor.h"
#include "orchestrator/proxy/stats.h"

struct exchange;

struct service {
	const struct config_service *config;
	struct supervisor *supervisor;
	struct fleet *fleet;
	struct stats stats;
	bool retired; /* not configured any more: what is in flight ends, nothing waits */
	struct held *first_held;
	struct held *last_held;
	size_t held_count;
};

/* The service's own timeouts, in milliseconds, or else those of all. */
static inline int64_t service_response_timeout_ms(const struct service *service, const struct config *all)
{
	int64_t own = service->config->response_timeout_ms;

	return own > 0 ? own : all->response_timeout_ms;
}

static inline int64_t service_idle_timeout_ms(const struct service *service, const struct config *all)
{
	int64_t own = service->config->idle_timeout_ms;

	return own > 0 ? own : all->idle_timeout_ms;
}

/* Embedded in the exchange. */
struct held {
	struct held *prev, *next;
	bool waiting;
};

/* False: hold_max wait already. */
bool service_hold(struct service *service, struct held *held, int64_t hold_max);
void service_unhold(struct service *service, struct held *held); /* harmless if it does not wait */

/* Is there a backend that serves, is starting or is being judged? */
bool service_has_backend(const struct service *service);

/* May a request that cannot be served now hope for one of the backends that there are? Not where all that serve have
 * been tried and none is being started or judged. */
bool service_may_recover(const struct service *service, const struct fleet_tried *tried);
