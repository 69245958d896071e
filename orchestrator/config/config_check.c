/* config_check: every rule is one function that says which key is wrong, what was found and what is allowed. */
#include "orchestrator/config/config_check.h"

#include "common/json.h"
#include "orchestrator/base/address.h"
#include "orchestrator/config/config_check_acme.h"
#include "orchestrator/config/config_check_engine.h"
#include "orchestrator/config/config_check_hosts.h"
#include "orchestrator/config/config_check_tls.h"
#include "orchestrator/config/config_scope.h"
#include "orchestrator/config/config_tables.h"
#include "orchestrator/config/node_address.h"
#include "orchestrator/engine/engines.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define SOCKET_PATH_MAX ((int)sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1)

static bool is_name(const char *text)
{
	if (!isalnum((unsigned char)text[0]))
		return false;
	for (const char *p = text; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && strchr("_.-", *p) == NULL)
			return false;
	return true;
}

static bool is_all_of(const char *text, int port)
{
	static const char *const hosts[] = {"0.0.0.0", "::"};
	struct address address, all;

	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++)
		if (address_parse(text, &address) && address_of_host(hosts[i], port, &all) && address.len == all.len &&
		    memcmp(&address.addr, &all.addr, all.len) == 0)
			return true;
	return false;
}

/* All addresses at a port are the node's, too. */
static bool check_node_alone(const struct scope *scope, const struct strings *texts)
{
	int port;

	for (size_t i = 0; i < texts->count; i++)
		for (size_t k = 0; k < texts->count && node_address_port(texts->items[i], &port); k++)
			if (is_all_of(texts->items[k], port))
				return wrong(scope, "admin", "\"%s\" is one of the addresses of \"%s\": leave it out",
				             texts->items[i], texts->items[k]);
	return true;
}

static bool check_admin(const struct scope *scope, const struct config *config)
{
	for (size_t i = 0; i < config->admin.count; i++) {
		const char *text = config->admin.items[i];
		struct address address;
		int port;
		bool is_node = node_address_port(text, &port);

		if (is_node && !engines[config->engine].can.elects)
			return wrong(scope, "admin",
			             "\"%s\": only with engine swarm is this host a node; name an address of its own",
			             text);
		if (!is_node && !check_address(scope, "admin", text))
			return false;
		if (config->admin_token_file[0] == '\0' &&
		    (is_node || (address_parse(text, &address) && !address_is_loopback(&address))))
			return wrong(scope, "admin", "\"%s\" is not a loopback address: that needs admin_token_file",
			             text);
	}
	return check_twice(scope, "admin", &config->admin) && check_node_alone(scope, &config->admin);
}

static bool check_networks(const struct scope *scope, const char *key, const struct strings *networks)
{
	for (size_t i = 0; i < networks->count; i++) {
		struct network network;
		if (!network_parse(networks->items[i], &network))
			return wrong(scope, key, "\"%s\" is no network; write 10.0.0.0/8, 192.168.1.5 or fd00::/8",
			             networks->items[i]);
	}
	return true;
}

/* Paths are compared in their normal form: a prefix in another form would never match, and protect nothing. */
static bool is_normal_path(const char *path)
{
	for (const char *p = path; *p != '\0'; p++) {
		if (*p <= ' ' || *p > '~' || strchr("%?#", *p) != NULL)
			return false;
		size_t dots = *p == '/' ? strspn(p + 1, ".") : 0;
		if (*p == '/' &&
		    (p[1] == '/' || ((dots == 1 || dots == 2) && (p[dots + 1] == '/' || p[dots + 1] == '\0'))))
			return false;
	}
	return true;
}

static bool check_paths(const struct scope *scope, const char *key, const struct strings *paths)
{
	for (size_t i = 0; i < paths->count; i++) {
		if (paths->items[i][0] != '/')
			return wrong(scope, key, "\"%s\" must begin with /", paths->items[i]);
		if (!is_normal_path(paths->items[i]))
			return wrong(scope, key,
			             "\"%s\" must be a plain path: without //, /./, /../, spaces, %%, ? and #",
			             paths->items[i]);
	}
	return true;
}

static bool check_volume(const struct scope *scope, const char *volume)
{
	const char *colon = strchr(volume, ':');

	if (colon == NULL || colon[1] != '/' || colon == volume)
		return wrong(scope, "volumes", "\"%s\" is no volume; write NAME:/path or /host/path:/path", volume);
	if (volume[0] != '/' && colon - volume < 2)
		return wrong(scope, "volumes", "\"%s\": a volume's name has two characters at least", volume);
	return true;
}

static bool check_env(const struct scope *scope, const struct strings *env)
{
	for (size_t i = 0; i < env->count; i++) {
		if (env->items[i][0] == '=' || env->items[i][0] == '\0')
			return wrong(scope, "env", "a variable has an empty name");
		if (strncmp(env->items[i], ENGINE_IDENTITY_KEY "=", sizeof(ENGINE_IDENTITY_KEY)) == 0)
			return wrong(scope, "env",
			             ENGINE_IDENTITY_KEY
			             " is the orchestrator's to set: each container has its own; leave it out");
	}
	return true;
}

static bool check_publish(const struct scope *scope, const struct config_service *service)
{
	for (size_t i = 0; i < service->publish.count; i++) {
		struct network network;
		if (!network_parse(service->publish.items[i], &network) ||
		    strchr(service->publish.items[i], '/') != NULL)
			return wrong(scope, "publish", "\"%s\" is no IP address; write 127.0.0.1 or 0.0.0.0",
			             service->publish.items[i]);
	}
	if (service->publish.count == 0 && service->reach == REACH_PUBLISHED)
		return wrong(scope, "publish",
		             "empty, but reach is \"published\": name an address or choose another reach");
	return true;
}

/* SOCKET_DIR/NAME_SLOT.XXXXXXXX/http must fit into a sockaddr_un. */
static bool check_socket_path(const struct scope *scope, const struct config *config,
                              const struct config_service *service)
{
	char slot[24]; /* also -1, of a roll's stand-in */

	snprintf(slot, sizeof(slot), "%2lld", (long long)service->scale.max);
	size_t len = strlen(config->socket_dir) + strlen(service->name) + strlen(slot) + strlen("/_.XXXXXXXX/http");
	if (service->reach != REACH_SOCKET || len <= SOCKET_PATH_MAX)
		return true;
	return wrong(scope, "reach",
	             "\"socket\" needs paths like %s/%s_0.01234567/http, and a socket's path has at most %d bytes: "
	             "shorten socket_dir or the service's name by %zu",
	             config->socket_dir, service->name, SOCKET_PATH_MAX, len - SOCKET_PATH_MAX);
}

static bool check_ports(const struct scope *scope, const struct config_service *service)
{
	if (config_port_end(service) > 65536)
		return wrong(scope, "first_port", "%lld + max + spares passes port 65535",
		             (long long)service->first_port);
	if (service->roll_port > 65535)
		return wrong(scope, "spare_port", "%lld passes port 65535", (long long)service->roll_port);
	if (service->roll_port >= service->first_port &&
	    service->roll_port < service->first_port + service->scale.max + service->scale.spares)
		return wrong(scope, "spare_port", "%lld is the port of a slot or spare of the same service",
		             (long long)service->roll_port);
	return true;
}

static bool check_service(const struct scope *scope, const struct config *config, const struct config_service *service)
{
	if (!is_name(service->name))
		return wrong(scope, "name", "\"%s\": letters, digits, _ . - are allowed, a letter or digit first",
		             service->name);
	if (service->scale.min > service->scale.max)
		return wrong(scope, "scale.min", "%lld is more than max, %lld", (long long)service->scale.min,
		             (long long)service->scale.max);
	if (service->health.path[0] != '/')
		return wrong(scope, "health.path", "\"%s\" must begin with /", service->health.path);
	for (size_t i = 0; i < service->volumes.count; i++)
		if (!check_volume(scope, service->volumes.items[i]))
			return false;
	return check_engine(scope, config, service) && check_paths(scope, "routes", &service->routes) &&
	       check_paths(scope, "private", &service->private_paths) &&
	       check_paths(scope, "scale.count", &service->scale.count) &&
	       check_paths(scope, "scale.not_counted", &service->scale.not_counted) &&
	       check_env(scope, &service->env) && check_publish(scope, service) &&
	       check_socket_path(scope, config, service) && check_ports(scope, service);
}

/* "/api/v1" and "/api/v1/" are the same prefix. */
static bool same_route(const char *a, const char *b)
{
	size_t a_len = strlen(a), b_len = strlen(b);

	while (a_len > 1 && a[a_len - 1] == '/')
		a_len--;
	while (b_len > 1 && b[b_len - 1] == '/')
		b_len--;
	return a_len == b_len && memcmp(a, b, a_len) == 0;
}

/* host: for which both may be asked; NULL: there is none; "": both name none. */
static bool check_routes_differ(const struct scope *scope, const struct config_service *a,
                                const struct config_service *b, const char *host)
{
	if (host == NULL)
		return true;
	for (size_t i = 0; i < a->routes.count; i++)
		for (size_t k = 0; k < b->routes.count; k++)
			if (same_route(a->routes.items[i], b->routes.items[k]))
				return wrong(scope, "routes", "\"%s\" is a route of service \"%s\" already%s%s",
				             a->routes.items[i], b->name, host[0] != '\0' ? ", for the host " : "",
				             host);
	return true;
}

static bool uses_port(const struct config_service *service, int64_t port)
{
	return (port >= service->first_port && port < config_port_end(service)) || port == service->roll_port;
}

static bool check_ports_differ(const struct scope *scope, const struct config_service *a,
                               const struct config_service *b)
{
	bool overlap = (a->first_port < config_port_end(b) && b->first_port < config_port_end(a)) ||
	               uses_port(b, a->roll_port) || uses_port(a, b->roll_port);

	if (!overlap)
		return true;
	return wrong(
	        scope, "first_port",
	        "ports %lld to %lld (slots, spares and the roll's spare_port) overlap those of service \"%s\", %lld to %lld",
	        (long long)a->first_port, (long long)a->roll_port, b->name, (long long)b->first_port,
	        (long long)b->roll_port);
}

static bool check_pair(const struct scope *scope, const struct config_service *a, const struct config_service *b,
                       const char *shared_host)
{
	if (strcmp(a->name, b->name) == 0)
		return wrong(scope, "name", "\"%s\" is the name of another service too", a->name);
	return check_routes_differ(scope, a, b, shared_host) && check_ports_differ(scope, a, b);
}

static bool check_services(const struct config *config, const struct host_index *hosts, const char *file,
                           const struct json_value *root, struct err *err)
{
	const struct json_value *list = json_get(root, "services");
	const struct json_value *object = list != NULL ? list->first : NULL;

	for (size_t i = 0; i < config_service_count(config); i++) {
		struct scope scope = {.file = file, .object = object, .err = err};
		snprintf(scope.path, sizeof(scope.path), "services[%zu].", i);
		if (!check_service(&scope, config, config_service_at(config, i)))
			return false;
		for (size_t k = 0; k < i; k++)
			if (!check_pair(&scope, config_service_at(config, i), config_service_at(config, k),
			                host_index_shared(hosts, i, k)))
				return false;
		object = object != NULL ? object->next : NULL;
	}
	return true;
}

static bool check_hosts(const struct config *config, const char *file, const struct json_value *root, struct err *err)
{
	struct host_index *hosts = host_index_new(config, file, root, err);
	bool ok = hosts != NULL && check_services(config, hosts, file, root, err) &&
	          check_redirects(config, hosts, file, root, err);

	host_index_free(hosts);
	return ok;
}

/* evhttp gives a connection up once its client has closed its side, and it begins with the first byte. */
static bool check_http1(const struct scope *scope, const struct config *config)
{
	if (config->http1 == CONFIG_HTTP1_OWN)
		return true;
	if (config->half_close != CONFIG_HALF_CLOSE_CANCEL)
		return wrong(scope, "half_close",
		             "\"answer\" is not possible with \"http1\": \"evhttp\", only \"cancel\" is");
	if (config->tls.listen.count > 0)
		return wrong(scope, "tls.listen", "TLS is not possible with \"http1\": \"evhttp\", only with \"own\"");
	if (config->proxy_protocol_from.count > 0)
		return wrong(scope, "proxy_protocol_from",
		             "the PROXY protocol is not possible with \"http1\": \"evhttp\", only with \"own\"");
	return true;
}

bool config_check(const struct config *config, const char *file, const struct json_value *root, struct err *err)
{
	struct scope scope = {.file = file, .object = root, .err = err};

	if (!is_name(config->name))
		return wrong(&scope, "name", "\"%s\": letters, digits, _ . - are allowed, a letter or digit first",
		             config->name);
	if (!check_engine_name(&scope, config) || !check_engine_peers(&scope, config))
		return false;
	if (config_service_count(config) == 0)
		return wrong(&scope, "services", "missing: name one service at least");
	return check_addresses(&scope, "listen", &config->listen) && check_tls(&scope, config) &&
	       check_acme(&scope, config) && check_http1(&scope, config) && check_admin(&scope, config) &&
	       check_networks(&scope, "trusted_proxies", &config->trusted_proxies) &&
	       check_networks(&scope, "proxy_protocol_from", &config->proxy_protocol_from) &&
	       check_hosts(config, file, root, err);
}
