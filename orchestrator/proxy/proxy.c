/* proxy: puts the data plane together. */
#include "orchestrator/proxy/proxy.h"

#include "common/mem.h"
#include "orchestrator/proxy/exchange.h"

#include <stdlib.h>
#include <string.h>

static void on_request(struct client *client, struct request *request, void *arg)
{
	exchange_start(arg, client, request);
}

static void on_refused(struct client *client, const struct request *request, int status, void *arg)
{
	struct proxy *proxy = arg;
	stats_reply(&proxy->stats, status, 0);
	if (proxy->access_log == NULL)
		return;
	struct access_line line = {.request_id = request != NULL ? request->id : NULL,
	                           .client = client_address(client),
	                           .code = status,
	                           .slot = -1,
	                           .container = ""};
	access_log_write(proxy->access_log, &line);
}

static int64_t shortest_timeout_ms(const struct config *config)
{
	const int64_t all[] = {config->head_timeout_ms, config->idle_timeout_ms, config->connect_timeout_ms,
	                       config->response_timeout_ms, config->hold_ms};
	int64_t shortest = all[0];
	for (size_t i = 1; i < sizeof all / sizeof all[0]; i++)
		shortest = all[i] < shortest ? all[i] : shortest;
	return shortest;
}

static void make_services(struct proxy *proxy, struct supervisor **supervisors)
{
	proxy->service_count = config_service_count(proxy->config);
	proxy->services = mem_zero(proxy->service_count * sizeof *proxy->services);
	for (size_t i = 0; i < proxy->service_count; i++) {
		proxy->services[i].config = config_service_at(proxy->config, i);
		proxy->services[i].supervisor = supervisors[i];
		proxy->services[i].fleet = supervisor_fleet(supervisors[i]);
	}
}

bool proxy_new(const struct proxy_settings *settings, struct proxy **result, struct err *err)
{
	const struct config *config = settings->config;
	struct proxy *proxy = mem_zero(sizeof *proxy);
	proxy->base = settings->base;
	proxy->config = config;
	proxy->defer = settings->defer;
	proxy->deadlines = deadlines_new(settings->base, shortest_timeout_ms(config));
	proxy->routes = routes_new(config);
	proxy->upstream = (struct upstream_settings){
	        .base = settings->base,
	        .deadlines = proxy->deadlines,
	        .defer = settings->defer,
	        .connect_timeout_ms = (int)config->connect_timeout_ms,
	        .response_timeout_ms = (int)config->response_timeout_ms,
	};
	make_services(proxy, settings->supervisors);
	struct front_settings front = {.base = settings->base,
	                               .deadlines = proxy->deadlines,
	                               .defer = settings->defer,
	                               .config = config,
	                               .on_request = on_request,
	                               .on_refused = on_refused,
	                               .arg = proxy};
	bool logged =
	        strcmp(config->access_log, "off") == 0 || access_log_open(config->access_log, &proxy->access_log, err);
	if (!logged || !front_new(&front, &proxy->front, err)) {
		proxy_free(proxy);
		return false;
	}
	*result = proxy;
	return true;
}

static void close_pools(struct fleet *fleet)
{
	for (size_t i = 0; i < fleet_count(fleet); i++)
		upstream_close_backend(fleet_at(fleet, i));
}

void proxy_free(struct proxy *proxy)
{
	if (proxy == NULL)
		return;
	front_free(proxy->front);
	access_log_close(proxy->access_log);
	proxy->access_log = NULL;
	for (size_t i = 0; i < proxy->service_count; i++)
		close_pools(proxy->services[i].fleet);
	defer_run(proxy->defer);
	deadlines_free(proxy->deadlines);
	routes_free(proxy->routes);
	free(proxy->services);
	request_free_spares();
	exchange_free_spares();
	free(proxy);
}

static struct service *service_of(struct proxy *proxy, const struct backend *backend)
{
	for (size_t i = 0; i < proxy->service_count; i++)
		if (proxy->services[i].fleet == backend_fleet(backend))
			return &proxy->services[i];
	return NULL;
}

void proxy_backend_changed(struct proxy *proxy, struct backend *backend)
{
	if (backend_state(backend) == BACKEND_DOWN)
		upstream_close_backend(backend);
	struct service *service = service_of(proxy, backend);
	if (service != NULL && backend_state(backend) == BACKEND_READY)
		exchange_release_held(service);
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
