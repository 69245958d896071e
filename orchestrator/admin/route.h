/* route: which handler a method and a path mean. Pure.
 *
 * Patterns are paths in which a segment "*" stands for any one segment, which the handler is given.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define ROUTE_ARGS 2
#define ROUTE_ARG_SIZE 256 /* hosts have 253 characters at most, services fewer */
#define ROUTE_ALLOW_SIZE 64

struct call;

/* What a request needs beside what its door asks for: nothing at a loopback address, the token at any other one. */
enum route_need {
	ROUTE_NEEDS_DOOR,  /* no more than that */
	ROUTE_NEEDS_TRUST, /* the unix socket or the token, at loopback addresses as well */
};

struct route {
	const char *method; /* GET is HEAD as well */
	const char *pattern;
	enum route_need need;
	void (*handle)(struct call *call);
	const char *help; /* one sentence, for the documentation */
};

struct route_table {
	const struct route *routes;
	size_t count;
};

struct route_args {
	char text[ROUTE_ARGS][ROUTE_ARG_SIZE];
	unsigned count;
};

/* Does the path fit? Segments under "*" are copied to args as they are; an empty or longer one does not fit. */
bool route_fits(const char *pattern, const char *path, struct route_args *args);

/* NULL: no route has this path (allow is ""), or none with this method (allow is the value of an Allow field). */
const struct route *route_find(const struct route_table *table, const char *method, const char *path,
                               struct route_args *args, char allow[ROUTE_ALLOW_SIZE]);
