/* proxy: the data plane: one front, the services, and what exchanges need of each.
 *
 * Main feeds it the news of the fleet; it never sets a backend's state.
 */
#pragma once

#include "common/err.h"
#include "orchestrator/base/defer.h"
#include "orchestrator/config/config.h"
#include "orchestrator/fleet/health_traffic.h"
#include "orchestrator/fleet/supervisor.h"
#include "orchestrator/proxy/stats.h"

struct address_set;
struct event_base;
struct handshakes;
struct proxy;
struct tls_server;

struct proxy_settings {
	struct event_base *base;
	const struct config *config;
	struct defer *defer;
	struct supervisor *const *supervisors; /* in the order of the config's services; borrowed */
	const struct address_set *sources;     /* of our own running containers; borrowed; NULL: none are known */
	struct tls_server *tls;                /* see front */
	/* Is there a certificate that is good now for this host, in small letters and without a dot at its end? With tls only. */
	bool (*covers)(const char *host, void *arg);
	void *covers_arg;
	/* The answer to the challenge of a CA with this token; NULL: there is none. */
	const char *(*challenge)(const char *token, size_t len, void *arg);
	void *challenge_arg;
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

/* What was counted for the service at this index of the configuration; behind the last: for requests of no service. */
const struct stats *proxy_stats(const struct proxy *proxy, size_t index);
unsigned proxy_connections(const struct proxy *proxy);
uint64_t proxy_in_flight(const struct proxy *proxy);                  /* requests, and tunnels */
const struct handshakes *proxy_handshakes(const struct proxy *proxy); /* see front */
uint64_t proxy_lines_lost(const struct proxy *proxy);                 /* of the access log */
int proxy_log_problem(const struct proxy *proxy); /* errno of the access log's last batch; 0: it was written */

/* For health: the traffic of a backend is that of its connections here. */
const struct health_traffic *proxy_traffic(void);
