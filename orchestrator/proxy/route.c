/* route: prefixes of all services in one array, the longest first. */
#include "orchestrator/proxy/route.h"

#include "common/hex.h"
#include "common/mem.h"
#include "orchestrator/proxy/private_path.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct prefix {
	const char *text; /* borrowed from the config */
	size_t len;       /* without slashes at the end */
	size_t service;
};

struct routes {
	const struct config *config;
	struct prefix *prefixes;
	size_t count;
	char *scratch; /* for paths that must be normalised */
	char *read;    /* and for those that may be read otherwise, three times as long */
	size_t room;   /* in scratch */
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

struct routes *routes_new(const struct config *config)
{
	struct routes *routes = mem_zero(sizeof(*routes));

	routes->config = config;
	for (size_t i = 0; i < config_service_count(config); i++) {
		const struct strings *texts = &config_service_at(config, i)->routes;
		routes->prefixes = mem_array(routes->prefixes, routes->count + texts->count, sizeof(*routes->prefixes));
		for (size_t k = 0; k < texts->count; k++)
			routes->prefixes[routes->count++] =
			        (struct prefix){texts->items[k], prefix_len(texts->items[k]), i};
	}
	qsort(routes->prefixes, routes->count, sizeof(*routes->prefixes), by_length);
	return routes;
}

void routes_free(struct routes *routes)
{
	if (routes == NULL)
		return;
	free(routes->prefixes);
	free(routes->scratch);
	free(routes->read);
	free(routes);
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

/* Most paths are normal already; those are compared where they stand. *plain: nobody can read it as anything else. */
static struct http_text normal_path(struct routes *routes, struct http_text path, bool *plain)
{
	uint32_t len = 0;
	char before = 'x';

	*plain = true;
	for (; len < path.len && path.data[len] != '?'; len++) {
		char c = path.data[len];
		if (c == '%' || (before == '/' && (c == '/' || c == '.'))) {
			*plain = false;
			return rewritten_path(routes, path);
		}
		if (c == ';' || c == '\\')
			*plain = false;
		before = c;
	}
	return (struct http_text){path.data, len};
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

bool routes_find(struct routes *routes, struct http_text path, enum http_method method, struct route_match *match)
{
	bool plain;
	struct http_text normal = normal_path(routes, path, &plain);

	for (size_t i = 0; i < routes->count; i++) {
		const struct prefix *prefix = &routes->prefixes[i];
		if (!has_prefix(normal, prefix->text, prefix->len))
			continue;
		const struct config_service *service = config_service_at(routes->config, prefix->service);
		match->service = prefix->service;
		match->is_private = has_any_in_any_case(normal, &service->private_paths) ||
		                    (!plain && is_private(routes, path, &service->private_paths));
		match->counted = !match->is_private && method != HTTP_OPTIONS &&
		                 has_any(normal, &service->scale.count) &&
		                 !has_any(normal, &service->scale.not_counted);
		return true;
	}
	return false;
}
