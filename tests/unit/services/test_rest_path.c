/* Targets into segments, segments into names, names into routes. */
#include "services/rest/rest_path.h"

#include "tests/unit/unit.h"

#include <string.h>

static struct http_text text_of(const char *text)
{
	return (struct http_text){.data = text, .len = (uint32_t)strlen(text)};
}

static void on_nothing(struct rest_request *request, void *owner)
{
	(void)request;
	(void)owner;
}

static const struct rest_route ROUTES[] = {
        {HTTP_GET, "/a", on_nothing},           {HTTP_POST, "/a", on_nothing},
        {HTTP_DELETE, "/a/{id}", on_nothing},   {HTTP_GET, "/a/count", on_nothing},
        {HTTP_GET, "/a/{x}/b/{y}", on_nothing}, {HTTP_GET, "/a/{x}/b/c", on_nothing},
};

static const struct rest_service SERVICE = {.routes = ROUTES, .route_count = sizeof(ROUTES) / sizeof(ROUTES[0])};

START_TEST(splits)
{
	static const struct {
		const char *target;
		unsigned count;
		const char *path, *query;
	} cases[] = {
	        {"/", 1, "/", ""},
	        {"/a", 1, "/a", ""},
	        {"/a/", 2, "/a/", ""},
	        {"/a//b?c/d?e", 3, "/a//b", "c/d?e"},
	        {"/a?", 1, "/a", ""},
	        {"http://x/a?b", 1, "/a", "b"},
	        {"http://x:80/a/b", 2, "/a/b", ""},
	        {"/1/2/3/4/5/6/7/8", 8, "/1/2/3/4/5/6/7/8", ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rest_path path;
		ck_assert_msg(rest_path_split(text_of(cases[i].target), &path), "%s", cases[i].target);
		ck_assert_uint_eq(path.count, cases[i].count);
		ck_assert(path.path.len == strlen(cases[i].path) &&
		          memcmp(path.path.data, cases[i].path, path.path.len) == 0);
		ck_assert(path.query.len == strlen(cases[i].query) &&
		          (path.query.len == 0 || memcmp(path.query.data, cases[i].query, path.query.len) == 0));
	}
}
END_TEST

START_TEST(splits_not)
{
	static const char *const targets[] = {"", "*", "a", "http://x", "http:/x", "x:80", "/1/2/3/4/5/6/7/8/9"};

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		struct rest_path path;
		ck_assert_msg(!rest_path_split(text_of(targets[i]), &path), "%s", targets[i]);
	}
}
END_TEST

START_TEST(decodes)
{
	static const struct {
		const char *text, *out; /* NULL: refused */
	} cases[] = {
	        {"", ""},       {"a", "a"},     {"a%62c", "abc"},       {"%2F%2f", "//"}, {"%25", "%"},
	        {"a+b", "a+b"}, {"%", NULL},    {"%4", NULL},           {"a%", NULL},     {"%g0", NULL},
	        {"%0g", NULL},  {"%%41", NULL}, {"%C3%A9", "\xc3\xa9"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char out[32];
		uint32_t len = 99;
		bool good = rest_path_decode(text_of(cases[i].text), out, &len);
		ck_assert_msg(good == (cases[i].out != NULL), "%s", cases[i].text);
		if (good) {
			ck_assert_str_eq(out, cases[i].out);
			ck_assert_uint_eq(len, strlen(cases[i].out));
		}
	}
}
END_TEST

START_TEST(knows_utf8)
{
	static const char *const good[] = {"",
	                                   "a",
	                                   "\x7f",
	                                   "\xc2\x80",
	                                   "\xdf\xbf",
	                                   "\xe0\xa0\x80",
	                                   "\xed\x9f\xbf",
	                                   "\xee\x80\x80",
	                                   "\xef\xbf\xbf",
	                                   "\xf0\x90\x80\x80",
	                                   "\xf4\x8f\xbf\xbf"};
	static const char *const bad[] = {"\x80",
	                                  "\xbf",
	                                  "\xc0\x80",
	                                  "\xc1\xbf",
	                                  "\xc2",
	                                  ("\xc2"
	                                   "a"),
	                                  "\xe0\x80\x80",
	                                  "\xe0\x9f\xbf",
	                                  "\xe1\x80",
	                                  "\xed\xa0\x80",
	                                  "\xed\xbf\xbf",
	                                  "\xf0\x8f\xbf\xbf",
	                                  "\xf0\x90\x80",
	                                  "\xf4\x90\x80\x80",
	                                  "\xf5\x80\x80\x80",
	                                  "\xff",
	                                  "a\xe2\x82"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(rest_text_valid(good[i], strlen(good[i])), "good %zu", i);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!rest_text_valid(bad[i], strlen(bad[i])), "bad %zu", i);
	ck_assert(!rest_text_valid("a\0b", 3));
}
END_TEST

static const struct rest_route *route_of(const char *target, enum http_method method, struct rest_match *match)
{
	struct rest_path path;

	*match = (struct rest_match){.name_count = 0};
	ck_assert(rest_path_split(text_of(target), &path));
	ck_assert_msg(rest_path_match(&SERVICE, &path, method, match), "%s", target);
	return match->route;
}

START_TEST(finds_routes)
{
	struct rest_match match;

	ck_assert_ptr_eq(route_of("/a", HTTP_GET, &match), &ROUTES[0]);
	ck_assert_ptr_eq(route_of("/a?x", HTTP_HEAD_METHOD, &match), &ROUTES[0]);
	ck_assert_ptr_eq(route_of("/a", HTTP_POST, &match), &ROUTES[1]);
	ck_assert_ptr_eq(route_of("/%61", HTTP_POST, &match), &ROUTES[1]);
	ck_assert_ptr_eq(route_of("/a/x", HTTP_DELETE, &match), &ROUTES[2]);
	ck_assert(match.name_count == 1 && match.names[0].len == 1 && match.names[0].data[0] == 'x');
	ck_assert_ptr_eq(route_of("/a/x/b/z", HTTP_GET, &match), &ROUTES[4]);
	ck_assert_uint_eq(match.name_count, 2);
}
END_TEST

START_TEST(literals_win_before_methods)
{
	struct rest_match match;

	ck_assert_ptr_null(route_of("/a/count", HTTP_DELETE, &match));
	ck_assert_uint_eq(match.methods, (1U << HTTP_GET) | (1U << HTTP_HEAD_METHOD));
	ck_assert_ptr_eq(route_of("/a/x/b/c", HTTP_GET, &match), &ROUTES[5]);
	ck_assert_uint_eq(match.name_count, 1);
	ck_assert_ptr_null(route_of("/a", HTTP_DELETE, &match));
	ck_assert_uint_eq(match.methods, (1U << HTTP_GET) | (1U << HTTP_HEAD_METHOD) | (1U << HTTP_POST));
}
END_TEST

START_TEST(finds_no_route)
{
	static const char *const targets[] = {"/",        "/b",         "/A",  "/a/",    "/a//b/c", "/a/x/", "/a/x/b",
	                                      "/a/x/c/y", "/a/x/b/y/z", "//a", "/a%2Fx", "/aa",     "/%zz"};

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		struct rest_match match = {.name_count = 0};
		struct rest_path path;
		ck_assert(rest_path_split(text_of(targets[i]), &path));
		ck_assert_msg(!rest_path_match(&SERVICE, &path, HTTP_GET, &match), "%s", targets[i]);
	}
}
END_TEST

START_TEST(knows_what_is_under)
{
	ck_assert(rest_path_under(text_of("/api/v1/acts"), "/api/v1/acts"));
	ck_assert(rest_path_under(text_of("/api/v1/acts/x/y"), "/api/v1/acts"));
	ck_assert(rest_path_under(text_of("/api/v1/%61cts/"), "/api/v1/acts"));
	ck_assert(!rest_path_under(text_of("/api/v1/actsx"), "/api/v1/acts"));
	ck_assert(!rest_path_under(text_of("/api/v1"), "/api/v1/acts"));
	ck_assert(!rest_path_under(text_of("/api/v1/act"), "/api/v1/acts"));
}
END_TEST

START_TEST(finds_query_parameters)
{
	static const struct {
		const char *query, *value;
		unsigned times;
	} cases[] = {
	        {"", "", 0},       {"k=1", "1", 1},     {"a=2&k=1&b", "1", 1}, {"k", "", 1},
	        {"k=", "", 1},     {"kk=1", "", 0},     {"k=1&k=2", "2", 2},   {"&&k=1&&", "1", 1},
	        {"%6b=1", "1", 1}, {"k=a=b", "a=b", 1}, {"%zz=1", "", 0},      {"=1", "", 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned times = 99;
		struct http_text value = rest_query_find(text_of(cases[i].query), "k", &times);
		ck_assert_msg(times == cases[i].times, "%s: %u times", cases[i].query, times);
		ck_assert(value.len == strlen(cases[i].value) && memcmp(value.data, cases[i].value, value.len) == 0);
	}
}
END_TEST

UNIT_MAIN("rest_path", splits, splits_not, decodes, knows_utf8, finds_routes, literals_win_before_methods,
          finds_no_route, knows_what_is_under, finds_query_parameters)
