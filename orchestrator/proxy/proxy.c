/* proxy: puts the data plane together. */
#include "orchestrator/proxy/proxy.h"

#include "common/mem.h"
#include "orchestrator/fleet/health.h"
#include "orchestrator/proxy/core.h"
#include "orchestrator/proxy/exchange.h"
#include "orchestrator/proxy/exchange_seek.h"
#include "orchestrator/proxy/front.h"
#include "orchestrator/proxy/peer.h"
#include "orchestrator/proxy/pools.h"

#include <stdlib.h>
#include <string.h>

struct proxy {
	struct core core;
	struct front *front;
	struct service **retired; /* of earlier configurations, with requests in flight */
	size_t retired_count;
	struct access_log *log_writer; /* its thread, kept while the log is off; NULL: there was none yet */
};

static void on_request(struct turn *turn, void *arg)
{
	struct proxy *proxy = arg;

	exchange_start(&proxy->core, turn);
}

static void on_refused(const struct conns_refused *refused, void *arg)
{
	struct proxy *proxy = arg;

	stats_reply(&proxy->core.stats, refused->status, 0);
	if (proxy->core.access_log == NULL)
		return;
	struct access_line line = {.request_id = refused->request_id,
	                           .client = refused->client,
	                           .tls = refused->peer->tls,
	                           .method = refused->method,
	                           .target = refused->target,
	                           .code = refused->status,
	                           .slot = -1,
	                           .container = ""};
	access_log_write(proxy->core.access_log, &line);
}

static int64_t shortest_timeout_ms(const struct config *config)
{
	const int64_t all[] = {config->head_timeout_ms, config->idle_timeout_ms, config->connect_timeout_ms,
	                       config->response_timeout_ms, config->hold_ms};
	int64_t shortest = all[0];

	for (size_t i = 1; i < sizeof(all) / sizeof(all[0]); i++)
		shortest = all[i] < shortest ? all[i] : shortest;
	for (size_t i = 0; i < config_service_count(config); i++) {
		const struct config_service *service = config_service_at(config, i);
		const int64_t own[] = {service->response_timeout_ms, service->idle_timeout_ms};
		for (size_t j = 0; j < sizeof(own) / sizeof(own[0]); j++)
			shortest = own[j] > 0 && own[j] < shortest ? own[j] : shortest;
	}
	return shortest;
}

/* --- services -------------------------------------------------------------------------------------------------- */

/* Takes it out of an array whose order does not matter. NULL: it is not there. */
static struct service *take_service(struct service **services, size_t *count, const struct fleet *fleet)
{
	for (size_t i = 0; i < *count; i++) {
		struct service *service = services[i];
		if (service->fleet != fleet)
			continue;
		services[i] = services[--*count];
		return service;
	}
	return NULL;
}

static struct service *service_for(struct proxy *proxy, struct supervisor *supervisor)
{
	struct fleet *fleet = supervisor_fleet(supervisor);
	struct service *service = take_service(proxy->core.services, &proxy->core.service_count, fleet);

	if (service == NULL)
		service = take_service(proxy->retired, &proxy->retired_count, fleet);
	if (service == NULL)
		service = mem_zero(sizeof(*service));
	service->retired = false;
	service->supervisor = supervisor;
	service->fleet = fleet;
	return service;
}

static void retire(struct proxy *proxy, struct service *service)
{
	proxy->retired = mem_array(proxy->retired, proxy->retired_count + 1, sizeof(struct service *));
	proxy->retired[proxy->retired_count++] = service;
	service->retired = true;
	exchange_dismiss_held(service);
}

static void take_services(struct proxy *proxy, struct supervisor *const *supervisors)
{
	size_t count = config_service_count(proxy->core.config);
	struct service **services = mem_array(NULL, count, sizeof(struct service *));

	for (size_t i = 0; i < count; i++) {
		services[i] = service_for(proxy, supervisors[i]);
		services[i]->config = config_service_at(proxy->core.config, i);
	}
	for (size_t i = 0; i < proxy->core.service_count; i++)
		retire(proxy, proxy->core.services[i]);
	free(proxy->core.services);
	proxy->core.services = services;
	proxy->core.service_count = count;
}

size_t proxy_sweep(struct proxy *proxy)
{
	for (size_t i = proxy->retired_count; i > 0; i--) {
		struct service *service = proxy->retired[i - 1];
		if (service->stats.in_flight == 0)
			free(take_service(proxy->retired, &proxy->retired_count, service->fleet));
	}
	return proxy->retired_count;
}

/* --- the access log -------------------------------------------------------------------------------------------- */

static bool is_off(const char *path)
{
	return strcmp(path, "off") == 0;
}

bool proxy_reload_log(struct proxy *proxy, const char *path, struct err *err)
{
	bool ok = true;

	if (is_off(path) && proxy->log_writer != NULL)
		access_log_pause(proxy->log_writer);
	else if (!is_off(path) && proxy->log_writer != NULL)
		ok = access_log_move(proxy->log_writer, path, err);
	else if (!is_off(path))
		ok = access_log_open(path, &proxy->log_writer, err);
	if (ok)
		proxy->core.access_log = is_off(path) ? NULL : proxy->log_writer;
	return ok;
}

/* --- life ------------------------------------------------------------------------------------------------------ */

/* What is copied out of the config. */
static void configure(struct proxy *proxy, const struct config *config)
{
	proxy->core.config = proxy->core.tunnels.config = config;
	routes_free(proxy->core.routes);
	proxy->core.routes = routes_new(config);
	proxy->core.upstream.connect_timeout_ms = (int)config->connect_timeout_ms;
}

void proxy_reload(struct proxy *proxy, const struct config *config, struct supervisor *const *supervisors)
{
	configure(proxy, config);
	take_services(proxy, supervisors);
	deadlines_retune(proxy->core.deadlines, shortest_timeout_ms(config));
	front_reload(proxy->front, config);
}

/* All of them, retired ones last. */
static struct service *service_at(size_t index, void *arg)
{
	const struct proxy *proxy = arg;
	size_t current = proxy->core.service_count;

	if (index < current)
		return proxy->core.services[index];
	return index - current < proxy->retired_count ? proxy->retired[index - current] : NULL;
}

bool proxy_new(const struct proxy_settings *settings, struct proxy **result, struct err *err)
{
	const struct config *config = settings->config;
	struct proxy *proxy = mem_zero(sizeof(*proxy));

	proxy->core.defer = settings->defer;
	proxy->core.sources = settings->sources;
	proxy->core.covers = settings->covers;
	proxy->core.covers_arg = settings->covers_arg;
	proxy->core.challenge = settings->challenge;
	proxy->core.challenge_arg = settings->challenge_arg;
	proxy->core.deadlines = deadlines_new(settings->base, shortest_timeout_ms(config));
	proxy->core.upstream = (struct upstream_settings){
	        .base = settings->base,
	        .deadlines = proxy->core.deadlines,
	        .defer = settings->defer,
	        .priority = LOOP_CLIENTS,
	};
	configure(proxy, config);
	take_services(proxy, settings->supervisors);
	silence_open(&proxy->core.silence, settings->base, service_at, proxy);
	proxy->core.tunnels = (struct tunnels){
	        .base = settings->base, .deadlines = proxy->core.deadlines, .defer = settings->defer, .config = config};
	LIST_INIT(&proxy->core.tunnels.list);
	struct front_settings front = {.conns = {.base = settings->base,
	                                         .deadlines = proxy->core.deadlines,
	                                         .defer = settings->defer,
	                                         .config = config,
	                                         .on_request = on_request,
	                                         .on_refused = on_refused,
	                                         .arg = proxy},
	                               .tls = settings->tls,
	                               .inherited = settings->inherited,
	                               .inherited_arg = settings->inherited_arg};
	if (!proxy_reload_log(proxy, config->access_log, err) || !front_new(&front, &proxy->front, err)) {
		proxy_free(proxy);
		return false;
	}
	proxy->core.conns = front_conns(proxy->front);
	*result = proxy;
	return true;
}

static void close_pools(struct fleet *fleet)
{
	for (size_t i = 0; i < fleet_count(fleet); i++)
		pool_close(fleet_at(fleet, i));
}

static void free_services(struct service **services, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(services[i]);
	free(services);
}

void proxy_free(struct proxy *proxy)
{
	if (proxy == NULL)
		return;
	front_free(proxy->front);
	access_log_close(proxy->log_writer);
	proxy->core.access_log = proxy->log_writer = NULL;
	for (size_t i = 0; i < proxy->core.service_count; i++)
		close_pools(proxy->core.services[i]->fleet);
	for (size_t i = 0; i < proxy->retired_count; i++)
		close_pools(proxy->retired[i]->fleet);
	defer_run(proxy->core.defer);
	silence_close(&proxy->core.silence);
	deadlines_free(proxy->core.deadlines);
	routes_free(proxy->core.routes);
	free_services(proxy->core.services, proxy->core.service_count);
	free_services(proxy->retired, proxy->retired_count);
	exchange_free_spares();
	free(proxy);
}

void proxy_look_again(struct proxy *proxy, const struct fleet *fleet)
{
	for (size_t i = 0; i < proxy->core.service_count; i++)
		if (proxy->core.services[i]->fleet == fleet)
			exchange_release_held(proxy->core.services[i]);
}

/* It can take what waits for those that seem to hang. */
static void hedge_on(const struct backend *ready)
{
	const struct fleet *fleet = backend_fleet(ready);

	for (size_t i = 0; i < fleet_count(fleet); i++)
		if (backend_pulse(fleet_at(fleet, i))->missed)
			pool_tell_missed(fleet_at(fleet, i));
}

void proxy_backend_changed(struct proxy *proxy, struct backend *backend)
{
	if (backend_state(backend) == BACKEND_DOWN) {
		pool_close(backend);
		tunnel_backend_down(&proxy->core.tunnels, backend);
	}
	if (backend_state(backend) == BACKEND_READY)
		hedge_on(backend);
	/* READY: it can be had. DRAINING, DOWN: it may have been the last one to wait for */
	if (backend_state(backend) != BACKEND_SUSPECT)
		proxy_look_again(proxy, backend_fleet(backend));
}

void proxy_reopen_log(struct proxy *proxy)
{
	access_log_reopen(proxy->core.access_log);
}

void proxy_drain(struct proxy *proxy)
{
	front_drain(proxy->front);
}

bool proxy_is_idle(const struct proxy *proxy)
{
	return proxy_in_flight(proxy) == 0 && proxy_connections(proxy) == 0;
}

const struct stats *proxy_stats(const struct proxy *proxy, size_t index)
{
	return index < proxy->core.service_count ? &proxy->core.services[index]->stats : &proxy->core.stats;
}

unsigned proxy_connections(const struct proxy *proxy)
{
	return front_connections(proxy->front);
}

const struct handshakes *proxy_handshakes(const struct proxy *proxy)
{
	return front_handshakes(proxy->front);
}

uint64_t proxy_in_flight(const struct proxy *proxy)
{
	return proxy->core.in_flight + proxy->core.tunnels.count;
}

int proxy_log_problem(const struct proxy *proxy)
{
	return access_log_problem(proxy->core.access_log); /* one that is off has none */
}

uint64_t proxy_lines_lost(const struct proxy *proxy)
{
	return access_log_dropped(proxy->log_writer);
}

const struct health_traffic *proxy_traffic(void)
{
	return &pool_traffic;
}
