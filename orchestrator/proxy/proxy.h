/* proxy: the data plane: one front, the services, and what exchanges need of each.
 *
 * Main feeds it the news of the fleet; it never sets a backend's state.
 */
#pragma once

#include "common/err.h"
#include "orchestrator/config/config.h"
#include "orchestrator/base/defer.h"
#include "orchestrator/fleet/supervisor.h"
#include "orchestrator/proxy/access_log.h"
#include "orchestrator/base/deadline.h"
#include "orchestrator/proxy/front.h"
#include "orchestrator/proxy/route.h"
#include "orchestrator/proxy/service.h"
#include "orchestrator/proxy/silence.h"
#include "orchestrator/proxy/tunnel.h"
#include "orchestrator/wire/upstream.h"

struct event_base;

struct proxy {
	struct event_base *base;
	const struct config *config; /* borrowed */
	struct defer *defer;         /* borrowed */
	struct deadlines *deadlines;
	struct front *front;
	struct routes *routes;
	struct service **services; /* as many as the config has, in its order */
	size_t service_count;
	struct service **retired; /* of earlier configurations, with requests in flight */
	size_t retired_count;
	struct upstream_settings upstream;
	struct access_log *access_log; /* NULL: off */
	struct access_log *log_writer; /* its thread, kept while it is off; NULL: there was none yet */
	struct stats stats;            /* requests of no service */
	struct tunnels tunnels;
	struct silence silence;
	uint64_t in_flight; /* exchanges and tunnels */
};

/* The connections to a backend that is not DOWN. */
struct upstream_pool *proxy_pool(struct backend *backend);

/* For health: the traffic of a backend is that of its connections here. */
extern const struct health_traffic proxy_traffic;

struct proxy_settings {
	struct event_base *base;
	const struct config *config;
	struct defer *defer;
	struct supervisor *const *supervisors;            /* in the order of the config's services; borrowed */
	int (*inherited)(const char *address, void *arg); /* see front */
	void *inherited_arg;
};

/* Listens from now on: requests are held until a backend is ready. */
bool proxy_new(const struct proxy_settings *settings, struct proxy **proxy, struct err *err) MUST_CHECK;
void proxy_free(struct proxy *proxy);

/* A backend changed its state. */
void proxy_backend_changed(struct proxy *proxy, struct backend *backend);

/* Requests that wait for a container of this fleet: is there still something to wait for? */
void proxy_look_again(struct proxy *proxy, const struct fleet *fleet);

/* Another configuration. First the access log, which alone can fail (then nothing has changed); then the rest, with the
 * supervisors in the order of the new config's services. Services are known again by their supervisors' fleets: those
 * that stay keep their counters, held requests and connections; the requests of those that are gone end as they would
 * have, except that nothing waits for them. Limits and timeouts hold for what comes from now on. */
bool proxy_reload_log(struct proxy *proxy, const char *path, struct err *err) MUST_CHECK;
void proxy_reload(struct proxy *proxy, const struct config *config, struct supervisor *const *supervisors);

/* Frees the services that are gone and have nothing in flight; returns how many are left. */
size_t proxy_sweep(struct proxy *proxy);

/* SIGUSR1: the access log's file was moved away. */
void proxy_reopen_log(struct proxy *proxy);

/* Stops accepting; proxy_is_idle is true once nothing is in flight and no connection is left. */
void proxy_drain(struct proxy *proxy);
bool proxy_is_idle(const struct proxy *proxy);
