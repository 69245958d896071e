/* route: segment by segment along a table.
 *
 * Invariant: what is in args has passed no decoding, so it holds no '/', and '%' only where the client wrote one.
 */
#include "orchestrator/admin/route.h"

#include <stdio.h>
#include <string.h>

static bool take_segment(const char *segment, size_t len, struct route_args *args)
{
	if (len == 0 || len >= ROUTE_ARG_SIZE || args->count == ROUTE_ARGS)
		return false;
	memcpy(args->text[args->count], segment, len);
	args->text[args->count++][len] = '\0';
	return true;
}

bool route_fits(const char *pattern, const char *path, struct route_args *args)
{
	args->count = 0;
	while (*pattern == '/' && *path == '/') {
		size_t want = strcspn(++pattern, "/"), have = strcspn(++path, "/");
		bool any = want == 1 && pattern[0] == '*';
		if (any ? !take_segment(path, have, args) : want != have || memcmp(pattern, path, want) != 0)
			return false;
		pattern += want;
		path += have;
	}
	return *pattern == '\0' && *path == '\0';
}

static bool method_fits(const char *method, const char *asked)
{
	return strcmp(method, asked) == 0 || (strcmp(method, "GET") == 0 && strcmp(asked, "HEAD") == 0);
}

static void allow_add(char allow[ROUTE_ALLOW_SIZE], const char *method)
{
	size_t len = strlen(allow);

	snprintf(allow + len, ROUTE_ALLOW_SIZE - len, "%s%s", len > 0 ? ", " : "",
	         strcmp(method, "GET") == 0 ? "GET, HEAD" : method);
}

const struct route *route_find(const struct route_table *table, const char *method, const char *path,
                               struct route_args *args, char allow[ROUTE_ALLOW_SIZE])
{
	allow[0] = '\0';
	for (size_t i = 0; i < table->count; i++) {
		if (!route_fits(table->routes[i].pattern, path, args))
			continue;
		if (method_fits(table->routes[i].method, method))
			return &table->routes[i];
		allow_add(allow, table->routes[i].method);
	}
	return NULL;
}
