/* route: paths against patterns, methods, Allow. */
#include "orchestrator/admin/route.h"

#include "tests/unit/unit.h"

#include <string.h>

static const struct route routes[] = {
        {.method = "GET", .pattern = "/"},
        {.method = "GET", .pattern = "/api/fleet"},
        {.method = "POST", .pattern = "/api/services/*/scale"},
        {.method = "POST", .pattern = "/api/services/*/slots/*/replace"},
        {.method = "DELETE", .pattern = "/api/services/*/scale"},
};

static const struct route_table table = {routes, sizeof(routes) / sizeof(*routes)};
static struct route_args args;
static char allow[ROUTE_ALLOW_SIZE];

static const char *found(const char *method, const char *path)
{
	const struct route *route = route_find(&table, method, path, &args, allow);

	return route != NULL ? route->pattern : "";
}

START_TEST(finds)
{
	ck_assert_str_eq(found("GET", "/"), "/");
	ck_assert_str_eq(found("GET", "/api/fleet"), "/api/fleet");
	ck_assert_str_eq(found("HEAD", "/api/fleet"), "/api/fleet");
	ck_assert_str_eq(found("POST", "/api/services/acts/scale"), "/api/services/*/scale");
	ck_assert_uint_eq(args.count, 1);
	ck_assert_str_eq(args.text[0], "acts");
	ck_assert_str_eq(found("POST", "/api/services/acts/slots/12/replace"), "/api/services/*/slots/*/replace");
	ck_assert_uint_eq(args.count, 2);
	ck_assert_str_eq(args.text[0], "acts");
	ck_assert_str_eq(args.text[1], "12");
}
END_TEST

START_TEST(finds_nothing)
{
	static const char *const paths[] = {"",
	                                    "api/fleet",
	                                    "/api/fleet/",
	                                    "/api",
	                                    "/api/fleets",
	                                    "/api/flee",
	                                    "//api/fleet",
	                                    "/api/services//scale",
	                                    "/api/services/scale",
	                                    "/api/services/a/b/scale",
	                                    "/api/services/acts/scale/x",
	                                    "*"};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		ck_assert_str_eq(found("GET", paths[i]), "");
		ck_assert_msg(allow[0] == '\0', "%s", paths[i]);
	}
}
END_TEST

START_TEST(says_what_is_allowed)
{
	ck_assert_str_eq(found("POST", "/api/fleet"), "");
	ck_assert_str_eq(allow, "GET, HEAD");
	ck_assert_str_eq(found("GET", "/api/services/acts/scale"), "");
	ck_assert_str_eq(allow, "POST, DELETE");
	ck_assert_str_eq(found("head", "/"), "");
	ck_assert_str_eq(allow, "GET, HEAD");
}
END_TEST

START_TEST(a_segment_too_long)
{
	char path[600] = "/api/services/";
	size_t start = strlen(path);

	memset(path + start, 'x', ROUTE_ARG_SIZE - 1);
	memcpy(path + start + ROUTE_ARG_SIZE - 1, "/scale", 7);
	ck_assert_str_eq(found("POST", path), "/api/services/*/scale");
	memset(path + start, 'x', ROUTE_ARG_SIZE);
	memcpy(path + start + ROUTE_ARG_SIZE, "/scale", 7);
	ck_assert_str_eq(found("POST", path), "");
}
END_TEST

UNIT_MAIN("admin route", finds, finds_nothing, says_what_is_allowed, a_segment_too_long)
