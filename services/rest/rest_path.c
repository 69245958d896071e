/* rest_path: splits a target at '/' before decoding, so that %2F stays inside a name, and compares decoded segments with
 * the patterns of the routes. Nothing is normalised: "//" and a trailing '/' are other paths, and 404.
 */
#include "services/rest/rest_path.h"

#include "common/hex.h"
#include "common/utf8.h"

#include <assert.h>
#include <string.h>

static struct http_text text_from(const char *data, const char *end)
{
	return (struct http_text){.data = data, .len = (uint32_t)(end - data)};
}

/* Absolute form (RFC 9112 section 3.2.2): the path starts at the first '/' behind the authority. */
static bool skip_authority(struct http_text *target)
{
	const char *end = target->data + target->len;
	const char *colon = memchr(target->data, ':', target->len);

	if (colon == NULL || end - colon < 3 || memcmp(colon, "://", 3) != 0)
		return false;
	const char *slash = memchr(colon + 3, '/', (size_t)(end - colon - 3));
	if (slash == NULL)
		return false;
	*target = text_from(slash, end);
	return true;
}

bool rest_path_split(struct http_text target, struct rest_path *path)
{
	*path = (struct rest_path){.count = 0};
	if (target.len == 0 || (target.data[0] != '/' && !skip_authority(&target)))
		return false;

	const char *end = target.data + target.len;
	const char *mark = memchr(target.data, '?', target.len);
	if (mark != NULL) {
		path->query = text_from(mark + 1, end);
		end = mark;
	}
	path->path = text_from(target.data, end);
	for (const char *at = target.data + 1;;) {
		const char *slash = memchr(at, '/', (size_t)(end - at));
		if (path->count == REST_SEGMENTS)
			return false;
		path->segments[path->count++] = text_from(at, slash != NULL ? slash : end);
		if (slash == NULL)
			return true;
		at = slash + 1;
	}
}

/* The next decoded byte at *at, 0..255; -1 for a broken escape. */
static int decode_byte(struct http_text text, uint32_t *at)
{
	char c = text.data[(*at)++];

	if (c != '%')
		return (unsigned char)c;
	if (text.len - *at < 2)
		return -1;
	int high = hex_value(text.data[*at]), low = hex_value(text.data[*at + 1]);
	*at += 2;
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool rest_path_decode(struct http_text text, char *out, uint32_t *out_len)
{
	uint32_t len = 0;

	for (uint32_t at = 0; at < text.len;) {
		int byte = decode_byte(text, &at);
		if (byte < 0)
			return false;
		out[len++] = (char)byte;
	}
	out[len] = '\0';
	*out_len = len;
	return true;
}

bool rest_segment_is(struct http_text segment, const char *literal, size_t literal_len)
{
	size_t len = 0;

	for (uint32_t at = 0; at < segment.len; len++) {
		int byte = decode_byte(segment, &at);
		if (len == literal_len || byte != (unsigned char)literal[len])
			return false;
	}
	return len == literal_len;
}

bool rest_text_valid(const char *text, size_t len)
{
	return memchr(text, '\0', len) == NULL && utf8_valid(text, len) == len;
}

/* Does the pattern fit? Then names holds its {names} as sent. */
static bool pattern_fits(const char *pattern, const struct rest_path *path, struct rest_match *match)
{
	match->name_count = 0;
	assert(pattern[0] == '/');
	for (unsigned i = 0; i < path->count; i++) {
		if (*pattern != '/')
			return false;
		pattern++;
		size_t len = strcspn(pattern, "/");
		if (pattern[0] == '{') {
			if (path->segments[i].len == 0)
				return false;
			assert(match->name_count < REST_NAMES);
			match->names[match->name_count++] = path->segments[i];
		} else if (!rest_segment_is(path->segments[i], pattern, len)) {
			return false;
		}
		pattern += len;
	}
	return *pattern == '\0';
}

bool rest_path_under(struct http_text path, const char *prefix)
{
	struct rest_path split;

	if (!rest_path_split(path, &split))
		return false;
	for (unsigned i = 0; *prefix == '/'; i++) {
		size_t len = strcspn(++prefix, "/");
		if (i == split.count || !rest_segment_is(split.segments[i], prefix, len))
			return false;
		prefix += len;
	}
	return true;
}

static uint32_t route_methods(const struct rest_route *route)
{
	return (1U << route->method) | (route->method == HTTP_GET ? 1U << HTTP_HEAD_METHOD : 0);
}

bool rest_path_match(const struct rest_service *service, const struct rest_path *path, enum http_method method,
                     struct rest_match *match)
{
	const char *best = NULL;

	for (size_t i = 0; i < service->route_count; i++) {
		struct rest_match found = {.name_count = 0};
		if (pattern_fits(service->routes[i].pattern, path, &found) &&
		    (best == NULL || found.name_count < match->name_count)) {
			best = service->routes[i].pattern;
			*match = found;
		}
	}
	for (size_t i = 0; best != NULL && i < service->route_count; i++) {
		const struct rest_route *route = &service->routes[i];
		if (strcmp(route->pattern, best) != 0)
			continue;
		match->methods |= route_methods(route);
		if (route_methods(route) & (1U << method))
			match->route = route;
	}
	return best != NULL;
}

struct http_text rest_query_find(struct http_text query, const char *key, unsigned *times)
{
	struct http_text found = {.data = "", .len = 0};
	const char *end = query.data + query.len;

	*times = 0;
	for (const char *at = query.data; at != NULL && at < end;) {
		const char *stop = memchr(at, '&', (size_t)(end - at));
		if (stop == NULL)
			stop = end;
		const char *equals = memchr(at, '=', (size_t)(stop - at));
		const char *name_end = equals != NULL ? equals : stop;
		if (rest_segment_is(text_from(at, name_end), key, strlen(key))) {
			found = equals != NULL ? text_from(equals + 1, stop) : text_from(stop, stop);
			++*times;
		}
		at = stop + 1;
	}
	return found;
}
