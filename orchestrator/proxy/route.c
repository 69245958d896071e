/* route: for each site (see hosts) the prefixes of its services in one array, the longest first. */
#include "orchestrator/proxy/route.h"

#include "common/hex.h"
#include "common/mem.h"
#include "orchestrator/config/host_name.h"
#include "orchestrator/proxy/private_path.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct prefix {
	const char *text; /* borrowed from the config */
	size_t len;       /* without slashes at the end */
	size_t service;
};

struct named {
	const char *name; /* borrowed from the config */
	size_t service;
};

struct site {
	struct prefix *prefixes;
	size_t count;
};

struct routes {
	const struct config *config;
	struct hosts *hosts; /* NULL: all is one site */
	struct site *sites;
	size_t site_count;
	struct named *named; /* all services, in the order of their names */
	char *scratch;       /* for paths that must be normalised */
	char *read;          /* and for those that may be read otherwise, three times as long */
	size_t room;         /* in scratch */
};

static size_t prefix_len(const char *text)
{
	size_t len = strlen(text);

	while (len > 0 && text[len - 1] == '/')
		len--;
	return len;
}

static int by_length(const void *a, const void *b)
{
	size_t a_len = ((const struct prefix *)a)->len, b_len = ((const struct prefix *)b)->len;

	return (a_len < b_len) - (a_len > b_len);
}

static void add_prefixes(struct site *site, const struct strings *texts, size_t service)
{
	site->prefixes = mem_array(site->prefixes, site->count + texts->count, sizeof(*site->prefixes));
	for (size_t i = 0; i < texts->count; i++)
		site->prefixes[site->count++] = (struct prefix){texts->items[i], prefix_len(texts->items[i]), service};
}

static void add_service(struct routes *routes, const struct config_service *service, size_t index)
{
	char name[HOST_NAME_SIZE];
	struct err err;

	if (service->hosts.count == 0)
		add_prefixes(&routes->sites[0], &service->routes, index);
	for (size_t i = 0; i < service->hosts.count; i++)
		if (host_name_read(service->hosts.items[i], name, &err)) /* the configuration was checked */
			add_prefixes(&routes->sites[hosts_site(routes->hosts, name)], &service->routes, index);
}

/* Host names have no capitals, services' may: of two that differ by those alone the first of the configuration is meant. */
static int by_name(const void *a, const void *b)
{
	const struct named *left = a, *right = b;
	int order = strcasecmp(left->name, right->name);

	return order != 0 ? order : (left->service > right->service) - (left->service < right->service);
}

static struct named *sort_names(const struct config *config)
{
	size_t count = config_service_count(config);
	struct named *named = mem_array(NULL, count, sizeof(*named));

	for (size_t i = 0; i < count; i++)
		named[i] = (struct named){config_service_at(config, i)->name, i};
	qsort(named, count, sizeof(*named), by_name);
	return named;
}

struct routes *routes_new(const struct config *config)
{
	struct routes *routes = mem_zero(sizeof(*routes));

	routes->config = config;
	routes->named = sort_names(config);
	routes->hosts = hosts_new(config);
	routes->site_count = routes->hosts != NULL ? hosts_sites(routes->hosts) : 1;
	routes->sites = mem_zero(routes->site_count * sizeof(*routes->sites));
	for (size_t i = 0; i < config_service_count(config); i++)
		add_service(routes, config_service_at(config, i), i);
	for (size_t i = 0; i < routes->site_count; i++)
		if (routes->sites[i].count > 0)
			qsort(routes->sites[i].prefixes, routes->sites[i].count, sizeof(struct prefix), by_length);
	return routes;
}

void routes_free(struct routes *routes)
{
	if (routes == NULL)
		return;
	for (size_t i = 0; i < routes->site_count; i++)
		free(routes->sites[i].prefixes);
	free(routes->sites);
	free(routes->named);
	hosts_free(routes->hosts);
	free(routes->scratch);
	free(routes->read);
	free(routes);
}

bool routes_name_hosts(const struct routes *routes)
{
	return routes->hosts != NULL;
}

/* RFC 3986 section 2.3 */
static bool is_unreserved(int c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c > 0 && strchr("-._~", c) != NULL);
}

static size_t decode(const char *path, size_t len, bool (*wanted)(int c), char *out)
{
	size_t at = 0;

	for (size_t i = 0; i < len; i++) {
		int high = path[i] == '%' && i + 2 < len ? hex_value(path[i + 1]) : -1;
		int low = high >= 0 ? hex_value(path[i + 2]) : -1;
		if (low >= 0 && wanted(high * 16 + low)) {
			out[at++] = (char)(high * 16 + low);
			i += 2;
		} else {
			out[at++] = path[i];
		}
	}
	return at;
}

/* One segment, "/name": merged, dropped, or put behind what is there. Returns the new length. */
static size_t put_segment(char *out, size_t at, const char *name, size_t len, bool last)
{
	if (len == 0 || (len == 1 && name[0] == '.')) {
		if (last && (at == 0 || out[at - 1] != '/'))
			out[at++] = '/';
		return at;
	}
	if (len == 2 && name[0] == '.' && name[1] == '.') {
		while (at > 0 && out[at - 1] != '/')
			at--;
		at -= at > 0 ? 1 : 0;
		if (last)
			out[at++] = '/';
		return at;
	}
	out[at++] = '/';
	memmove(out + at, name, len);
	return at + len;
}

static size_t remove_dots(char *path, size_t len)
{
	size_t at = 0, i = 0;

	while (i < len) {
		i++; /* the slash */
		size_t end = i;
		while (end < len && path[end] != '/')
			end++;
		at = put_segment(path, at, path + i, end - i, end == len);
		i = end;
	}
	return at;
}

size_t route_normalise(struct http_text path, char *out)
{
	const char *query = memchr(path.data, '?', path.len);
	size_t len = query != NULL ? (size_t)(query - path.data) : path.len;

	return remove_dots(out, decode(path.data, len, is_unreserved, out));
}

/* The room is made for the path and not for max_head_bytes: a connection keeps the limits that it was accepted with. */
static void make_room(struct routes *routes, size_t len)
{
	if (len < routes->room)
		return;
	routes->room = len + 256;
	routes->scratch = mem_array(routes->scratch, routes->room, 1);
	routes->read = mem_array(routes->read, routes->room, 3);
}

static struct http_text rewritten_path(struct routes *routes, struct http_text path)
{
	make_room(routes, path.len);
	return (struct http_text){routes->scratch, (uint32_t)route_normalise(path, routes->scratch)};
}

struct path {
	struct http_text raw;    /* as it came, query included */
	struct http_text normal; /* without query */
	bool plain;              /* nobody can read it as anything else */
};

/* Most paths are normal already; those are compared where they stand. */
static struct path read_path(struct routes *routes, struct http_text path)
{
	struct path read = {.raw = path, .normal = {path.data, 0}, .plain = true};
	uint32_t len = 0;
	char before = 'x';

	for (; len < path.len && path.data[len] != '?'; len++) {
		char c = path.data[len];
		if (c == '%' || (before == '/' && (c == '/' || c == '.'))) {
			read.plain = false;
			read.normal = rewritten_path(routes, path);
			return read;
		}
		if (c == ';' || c == '\\')
			read.plain = false;
		before = c;
	}
	read.normal.len = len;
	return read;
}

static bool has_prefix(struct http_text path, const char *prefix, size_t len)
{
	return path.len >= len && memcmp(path.data, prefix, len) == 0 && (path.len == len || path.data[len] == '/');
}

static bool has_any(struct http_text path, const struct strings *prefixes)
{
	for (size_t i = 0; i < prefixes->count; i++)
		if (has_prefix(path, prefixes->items[i], prefix_len(prefixes->items[i])))
			return true;
	return false;
}

static bool has_any_in_any_case(struct http_text path, const struct strings *prefixes)
{
	for (size_t i = 0; i < prefixes->count; i++) {
		size_t len = prefix_len(prefixes->items[i]);
		if (path.len >= len && strncasecmp(path.data, prefixes->items[i], len) == 0 &&
		    (path.len == len || path.data[len] == '/'))
			return true;
	}
	return false;
}

/* A container of somebody else's may read a path otherwise than we do. */
static bool is_private(struct routes *routes, struct http_text path, const struct strings *paths)
{
	const char *query = memchr(path.data, '?', path.len);
	uint32_t len = query != NULL ? (uint32_t)(query - path.data) : path.len;

	make_room(routes, len);
	return private_path_is((struct http_text){path.data, len}, paths, routes->read);
}

/* What there is to say of a path of this service. */
static void fill_match(struct routes *routes, size_t index, const struct path *path, enum http_method method,
                       struct route_match *match)
{
	const struct config_service *service = config_service_at(routes->config, index);

	match->service = index;
	match->is_private = has_any_in_any_case(path->normal, &service->private_paths) ||
	                    (!path->plain && is_private(routes, path->raw, &service->private_paths));
	match->counted = !match->is_private && method != HTTP_OPTIONS && has_any(path->normal, &service->scale.count) &&
	                 !has_any(path->normal, &service->scale.not_counted);
}

enum route_outcome routes_find(struct routes *routes, struct http_text host, struct http_text path,
                               enum http_method method, struct route_match *match)
{
	const struct host *named = routes->hosts != NULL ? hosts_find(routes->hosts, host) : NULL;

	if (named != NULL && named->site == 0) {
		match->host = named;
		return ROUTE_REDIRECT;
	}
	const struct site *site = &routes->sites[named != NULL ? named->site : 0];
	struct path read = read_path(routes, path);
	for (size_t i = 0; i < site->count; i++) {
		const struct prefix *prefix = &site->prefixes[i];
		if (!has_prefix(read.normal, prefix->text, prefix->len))
			continue;
		fill_match(routes, prefix->service, &read, method, match);
		return ROUTE_FOUND;
	}
	return site->count == 0 ? ROUTE_NO_HOST : ROUTE_NO_PATH;
}

bool routes_find_by_name(struct routes *routes, struct http_text host, struct http_text path, enum http_method method,
                         struct route_match *match)
{
	size_t low = 0, high = config_service_count(routes->config);
	char name[HOSTS_NAME_SIZE];

	if (hosts_read(host, name) == 0)
		return false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcasecmp(routes->named[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == config_service_count(routes->config) || strcasecmp(routes->named[low].name, name) != 0)
		return false;
	struct path read = read_path(routes, path);
	fill_match(routes, routes->named[low].service, &read, method, match);
	return true;
}
