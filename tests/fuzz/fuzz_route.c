/* Paths: the normal form against a second, plain way to make it; and a path goes where its normal form goes. */
#include "tests/fuzz/fuzz.h"

#include "common/mem.h"
#include "orchestrator/config/config_file.h"
#include "orchestrator/proxy/route.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct text {
	char *data;
	size_t len;
};

static int hex(char c)
{
	return isdigit((unsigned char)c)    ? c - '0'
	       : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10
	                                    : -1;
}

/* *broken: a % that no two digits follow. */
static struct text decode(const char *path, size_t len, bool *broken)
{
	struct text out = {mem_alloc(len + 1), 0};

	for (size_t i = 0; i < len; i++) {
		bool escape = path[i] == '%' && len - i > 2 && hex(path[i + 1]) != -1 && hex(path[i + 2]) != -1;
		int c = escape ? hex(path[i + 1]) * 16 + hex(path[i + 2]) : 0;
		*broken = *broken || (path[i] == '%' && !escape);
		if (c > 0 && c < 128 && (isalnum(c) || strchr("-._~", c) != NULL)) {
			out.data[out.len++] = (char)c;
			i += 2;
		} else {
			out.data[out.len++] = path[i];
		}
	}
	return out;
}

/* Segments one by one onto what is there already; a path that ends in none, . or .. ends in a slash. */
static struct text resolve(const struct text *path)
{
	struct text out = {mem_alloc(path->len + 2), 0};
	bool open = true;

	for (size_t i = 1; i <= path->len;) {
		size_t end = i;
		while (end < path->len && path->data[end] != '/')
			end++;
		size_t len = end - i;
		const char *name = path->data + i;
		open = len == 0 || (len == 1 && name[0] == '.') || (len == 2 && memcmp(name, "..", 2) == 0);
		if (open && len == 2)
			while (out.len > 0 && out.data[--out.len] != '/')
				;
		if (!open) {
			out.data[out.len++] = '/';
			memcpy(out.data + out.len, name, len);
			out.len += len;
		}
		i = end + 1;
	}
	if (open)
		out.data[out.len++] = '/';
	return out;
}

static struct routes *routes;

static const struct http_text no_host = {"", 0};

static bool same_match(struct http_text a, struct http_text b)
{
	struct route_match x = {0}, y = {0};
	enum route_outcome outcome = routes_find(routes, no_host, a, HTTP_GET, &x);

	if (outcome != routes_find(routes, no_host, b, HTTP_GET, &y) || x.service != y.service)
		return false;
	/* what the path comes by is not seen in its normal form any more */
	return x.is_private ? !x.counted : !y.is_private && x.counted == y.counted;
}

static bool is_plainly_private(const char *path, size_t len)
{
	static const char *const names[] = {"/api/v1/_crash", "/api/v1/_count", "/api/v1/_health"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t size = strlen(names[i]);
		if (len >= size && memcmp(path, names[i], size) == 0 && (len == size || path[size] == '/'))
			return true;
	}
	return false;
}

static void check(char *path, size_t len)
{
	const char *query = memchr(path, '?', len);
	size_t path_len = query != NULL ? (size_t)(query - path) : len;
	bool broken = false;
	struct text decoded = decode(path, path_len, &broken), expected = resolve(&decoded);
	char *out = mem_alloc(len);
	size_t out_len = route_normalise((struct http_text){path, (uint32_t)len}, out);

	assert(out_len == expected.len && memcmp(out, expected.data, out_len) == 0);
	struct route_match match;
	if (routes_find(routes, no_host, (struct http_text){out, (uint32_t)out_len}, HTTP_GET, &match) == ROUTE_FOUND &&
	    is_plainly_private(out, out_len))
		assert(match.is_private);
	/* decoding a broken escape can make a good one, which is not decoded again */
	if (!broken)
		assert(same_match((struct http_text){path, (uint32_t)len}, (struct http_text){out, (uint32_t)out_len}));
	free(out);
	free(decoded.data);
	free(expected.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (routes == NULL) {
		struct config *config;
		struct err err;
		bool ok = config_load(NULL, &config, &err);
		assert(ok);
		routes = routes_new(config);
	}
	if (size == 0 || size > 4000)
		return 0;
	/* what http_head lets into a target, with its slash */
	char *path = mem_alloc(size);
	for (size_t i = 0; i < size; i++)
		path[i] = data[i] > ' ' && data[i] < 0x7f && data[i] != '#' ? (char)data[i] : '/';
	path[0] = '/';
	check(path, size);
	free(path);
	return 0;
}
