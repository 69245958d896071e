/* route: which service has a path, and that a private one cannot be reached under another spelling. */
#include "orchestrator/proxy/route.h"

#include "common/mem.h"
#include "orchestrator/config/config_file.h"
#include "tests/unit/orchestrator/config/config_text.h"
#include "tests/unit/unit.h"

#include <string.h>

static const char text[] =
        "{\"services\": ["
        "{\"name\": \"acts\", \"image\": \"x\", \"routes\": [\"/api/v1/\", \"/\"],"
        " \"private\": [\"/api/v1/_crash\", \"/api/v1/_count\", \"/api/v1/_health\"], \"scale\": {\"count\": [\"/api/v1/\"]}},"
        "{\"name\": \"users\", \"image\": \"x\", \"routes\": [\"/api/v1/users\"]},"
        "{\"name\": \"deep\", \"image\": \"x\", \"routes\": [\"/api/v1/users/x/y/\"], \"private\": [\"/api/v1/users/x/y/z\"],"
        " \"scale\": {\"count\": []}}]}";

static struct config *config;
static struct routes *routes;

static void make(void)
{
	struct err err;

	ck_assert_msg(config_of_text(text, strlen(text), &config, &err), "%s", err.message);
	routes = routes_new(config);
}

static void clear(void)
{
	routes_free(routes);
	config_free(config);
}

/* The path lies in memory of exactly its size. */
static bool find(const char *path, enum http_method method, struct route_match *match)
{
	char *copy = mem_alloc(strlen(path) + 1);
	size_t len = strlen(path);

	memcpy(copy, path, len);
	bool found = routes_find(routes, (struct http_text){"", 0}, (struct http_text){copy, (uint32_t)len}, method,
	                         match) == ROUTE_FOUND;
	free(copy);
	return found;
}

START_TEST(the_longest_prefix_wins_at_a_segments_end)
{
	static const struct {
		const char *path;
		size_t service;
	} cases[] = {
	        {"/", 0},
	        {"/x", 0},
	        {"/api/v1", 0},
	        {"/api/v1/", 0},
	        {"/api/v1/categories?a=/api/v1/users", 0},
	        {"/api/v1/users", 1},
	        {"/api/v1/users/", 1},
	        {"/api/v1/users?x", 1},
	        {"/api/v1/users/x", 1},
	        {"/api/v1/usersx", 0},
	        {"/api/v1/user", 0},
	        {"/api//v1/./users", 1},
	        {"/api/v1/u%73ers", 1},
	        {"/api/v1/users%2Fx", 0},
	        {"/api/v1/users/../acts", 0},
	        {"/api/v1/users/x/y", 2},
	        {"/api/v1/users/x/y/q", 2},
	        {"/api/v1/users/x/yy", 1},
	        {"/?/api/v1/users", 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct route_match match = {.service = 99};
		ck_assert(find(cases[i].path, HTTP_GET, &match));
		ck_assert_msg(match.service == cases[i].service, "%s: service %zu", cases[i].path, match.service);
	}
}
END_TEST

START_TEST(the_star_is_nobodys)
{
	struct route_match match;

	ck_assert(!find("*", HTTP_OPTIONS, &match));
}
END_TEST

START_TEST(private_paths_have_no_other_name)
{
	static const struct {
		const char *path;
		bool is_private;
	} cases[] = {
	        {"/api/v1/_crash", true},          {"/api/v1/_crash/", true},      {"/api/v1/_crash/x", true},
	        {"/api/v1/_crash?x", true},        {"/api/v1/%5Fcrash", true},     {"/api/v1/%5fcr%61sh", true},
	        {"/api/v1/_cras%68", true},        {"//api///v1//_crash", true},   {"/api/v1/./_crash", true},
	        {"/api/v1/.//_crash/.", true},     {"/api/v1/x/../_crash", true},  {"/api/v1/x/%2e%2E/_crash", true},
	        {"/api/v1/x/.%2e/_crash", true},   {"/../../api/v1/_crash", true}, {"/api/v1%2F_crash", true},
	        {"/api/v1/x%2f..%2F_crash", true}, {"/api/v1/%255Fcrash", true},   {"/api/v1/_count", true},
	        {"/api/v1/_health", true},         {"/api/v1/_crash/../x", true},  {"/api/v1/_crash;x", true},
	        {"/api/v1/x/..;/_crash", true},    {"/API/v1/_Crash", true},       {"/api/v1\\_crash", true},
	        {"/api/v1/_crash%00.png", true},   {"/api/v1/_crash?;", true},     {"/api/v1/a;b/_crash", false},
	        {"/api/v1/x?;/../_crash", false},  {"/api/v1/_crashed", false},    {"/api/v1/x?/api/v1/_crash", false},
	        {"/x/../_crash", false},           {"/api/v1/...", false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct route_match match;
		ck_assert(find(cases[i].path, HTTP_GET, &match));
		ck_assert_msg(match.is_private == cases[i].is_private, "%s", cases[i].path);
		ck_assert(!match.is_private || !match.counted);
	}
}
END_TEST

START_TEST(who_is_counted)
{
	static const struct {
		const char *path;
		enum http_method method;
		bool counted;
	} cases[] = {
	        {"/api/v1/categories", HTTP_GET, true},   {"/api/v1/categories", HTTP_HEAD_METHOD, true},
	        {"/api/v1/acts", HTTP_POST, true},        {"/api/v1/acts", HTTP_OPTIONS, false},
	        {"/api/v1/_crash", HTTP_POST, false},     {"/web/page", HTTP_GET, false},
	        {"/api/v1/users/x/y/q", HTTP_GET, false}, {"/api/v1x", HTTP_GET, false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct route_match match;
		ck_assert(find(cases[i].path, cases[i].method, &match));
		ck_assert_msg(match.counted == cases[i].counted, "%s", cases[i].path);
	}
}
END_TEST

START_TEST(normal_forms)
{
	static const struct {
		const char *path, *normal;
	} cases[] = {
	        {"/", "/"},
	        {"/a/b", "/a/b"},
	        {"/a//b///", "/a/b/"},
	        {"/a/./b/.", "/a/b/"},
	        {"/a/../b", "/b"},
	        {"/a/b/..", "/a/"},
	        {"/..", "/"},
	        {"/../../a", "/a"},
	        {"/a/%2e%2e/b", "/b"},
	        {"/%41%7a%30%2d%2E%5f%7E", "/Az0-._~"},
	        {"/a%2fb", "/a%2fb"},
	        {"/a%252e", "/a%252e"},
	        {"/a%", "/a%"},
	        {"/a%4", "/a%4"},
	        {"/a%zz", "/a%zz"},
	        {"/a?b/../c", "/a"},
	        {"/.a/..b", "/.a/..b"},
	        {"?x", ""},
	        {"", ""},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = strlen(cases[i].path);
		char *out = mem_alloc(len + 1);
		size_t got = route_normalise((struct http_text){cases[i].path, (uint32_t)len}, out);
		ck_assert_uint_le(got, len);
		out[got] = '\0';
		ck_assert_str_eq(out, cases[i].normal);
		free(out);
	}
}
END_TEST

UNIT_MAIN_WITH("route", make, clear, the_longest_prefix_wins_at_a_segments_end, the_star_is_nobodys,
               private_paths_have_no_other_name, who_is_counted, normal_forms)
