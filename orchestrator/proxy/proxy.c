/* proxy: puts the data plane together. */
#include "orchestrator/proxy/proxy.h"

#include "common/mem.h"
#include "orchestrator/fleet/health.h"
#include "orchestrator/proxy/exchange.h"

#include <stdlib.h>
#include <string.h>

static void on_request(struct turn *turn, void *arg)
{
	exchange_start(arg, turn);
}

static void on_refused(const struct conns_refused *refused, void *arg)
{
	struct proxy *proxy = arg;

	stats_reply(&proxy->stats, refused->status, 0);
	if (proxy->access_log == NULL)
		return;
	struct access_line line = {.request_id = refused->request_id,
	                           .client = refused->address,
	                           .method = refused->method,
	                           .target = refused->target,
	                           .code = refused->status,
	                           .slot = -1,
	                           .container = ""};
	access_log_write(proxy->access_log, &line);
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
	struct service *service = take_service(proxy->services, &proxy->service_count, fleet);

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
	size_t count = config_service_count(proxy->config);
	struct service **services = mem_array(NULL, count, sizeof(struct service *));

	for (size_t i = 0; i < count; i++) {
		services[i] = service_for(proxy, supervisors[i]);
		services[i]->config = config_service_at(proxy->config, i);
	}
	for (size_t i = 0; i < proxy->service_count; i++)
		retire(proxy, proxy->services[i]);
	free(proxy->services);
	proxy->services = services;
	proxy->service_count = count;
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
		proxy->access_log = is_off(path) ? NULL : proxy->log_writer;
	return ok;
}

/* --- connections to backends ----------------------------------------------------------------------------------- */

struct upstream_pool *proxy_pool(struct backend *backend)
{
	if (backend_pool(backend) == NULL)
		backend_set_pool(backend, upstream_pool_new(backend_pulse(backend)));
	return backend_pool(backend);
}

static void close_pool(struct backend *backend)
{
	upstream_pool_close(backend_pool(backend));
	backend_set_pool(backend, NULL);
}

static bool is_unread(struct backend *backend)
{
	return upstream_pool_is_unread(backend_pool(backend));
}

static void on_late(struct backend *backend)
{
	upstream_pool_close_idle(backend_pool(backend));
}

static void on_missed(struct backend *backend)
{
	upstream_pool_tell_missed(backend_pool(backend));
}

const struct health_traffic proxy_traffic = {.is_unread = is_unread, .on_late = on_late, .on_missed = on_missed};

/* --- life ------------------------------------------------------------------------------------------------------ */

/* What is copied out of the config. */
static void configure(struct proxy *proxy, const struct config *config)
{
	proxy->config = config;
	routes_free(proxy->routes);
	proxy->routes = routes_new(config);
	proxy->upstream.connect_timeout_ms = (int)config->connect_timeout_ms;
}

void proxy_reload(struct proxy *proxy, const struct config *config, struct supervisor *const *supervisors)
{
	configure(proxy, config);
	take_services(proxy, supervisors);
	deadlines_retune(proxy->deadlines, shortest_timeout_ms(config));
	front_reload(proxy->front, config);
}

bool proxy_new(const struct proxy_settings *settings, struct proxy **result, struct err *err)
{
	const struct config *config = settings->config;
	struct proxy *proxy = mem_zero(sizeof(*proxy));

	proxy->base = settings->base;
	proxy->defer = settings->defer;
	proxy->deadlines = deadlines_new(settings->base, shortest_timeout_ms(config));
	proxy->upstream = (struct upstream_settings){
	        .base = settings->base,
	        .deadlines = proxy->deadlines,
	        .defer = settings->defer,
	        .priority = LOOP_CLIENTS,
	};
	configure(proxy, config);
	take_services(proxy, settings->supervisors);
	silence_open(&proxy->silence, proxy);
	struct front_settings front = {.conns = {.base = settings->base,
	                                         .deadlines = proxy->deadlines,
	                                         .defer = settings->defer,
	                                         .config = config,
	                                         .on_request = on_request,
	                                         .on_refused = on_refused,
	                                         .arg = proxy},
	                               .inherited = settings->inherited,
	                               .inherited_arg = settings->inherited_arg};
	if (!proxy_reload_log(proxy, config->access_log, err) || !front_new(&front, &proxy->front, err)) {
		proxy_free(proxy);
		return false;
	}
	*result = proxy;
	return true;
}

static void close_pools(struct fleet *fleet)
{
	for (size_t i = 0; i < fleet_count(fleet); i++)
		close_pool(fleet_at(fleet, i));
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
	proxy->access_log = proxy->log_writer = NULL;
	for (size_t i = 0; i < proxy->service_count; i++)
		close_pools(proxy->services[i]->fleet);
	for (size_t i = 0; i < proxy->retired_count; i++)
		close_pools(proxy->retired[i]->fleet);
	defer_run(proxy->defer);
	silence_close(&proxy->silence);
	deadlines_free(proxy->deadlines);
	routes_free(proxy->routes);
	free_services(proxy->services, proxy->service_count);
	free_services(proxy->retired, proxy->retired_count);
	exchange_free_spares();
	free(proxy);
}

void proxy_look_again(struct proxy *proxy, const struct fleet *fleet)
{
	for (size_t i = 0; i < proxy->service_count; i++)
		if (proxy->services[i]->fleet == fleet)
			exchange_release_held(proxy->services[i]);
}

/* It can take what waits for those that seem to hang. */
static void hedge_on(const struct backend *ready)
{
	const struct fleet *fleet = backend_fleet(ready);

	for (size_t i = 0; i < fleet_count(fleet); i++)
		if (backend_pulse(fleet_at(fleet, i))->missed)
			on_missed(fleet_at(fleet, i));
}

void proxy_backend_changed(struct proxy *proxy, struct backend *backend)
{
	if (backend_state(backend) == BACKEND_DOWN) {
		close_pool(backend);
		tunnel_backend_down(&proxy->tunnels, backend);
	}
	if (backend_state(backend) == BACKEND_READY)
		hedge_on(backend);
	/* READY: it can be had. DRAINING, DOWN: it may have been the last one to wait for */
	if (backend_state(backend) != BACKEND_SUSPECT)
		proxy_look_again(proxy, backend_fleet(backend));
}

void proxy_reopen_log(struct proxy *proxy)
{
	access_log_reopen(proxy->access_log);
}

void proxy_drain(struct proxy *proxy)
{
	front_drain(proxy->front);
}

bool proxy_is_idle(const struct proxy *proxy)
{
	return proxy->in_flight == 0 && front_connections(proxy->front) == 0;
}
