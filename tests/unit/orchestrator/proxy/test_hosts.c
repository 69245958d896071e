/* hosts, and route by them: the host first, whatever its spelling, then the path. */
#include "orchestrator/proxy/hosts.h"

#include "common/mem.h"
#include "orchestrator/config/config_file.h"
#include "orchestrator/proxy/route.h"
#include "tests/unit/orchestrator/config/config_text.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#define SERVICE(name, more) "{\"name\": \"" name "\", \"image\": \"x\", \"private\": [], " more "}"

enum { WEB, SHOP, SHOP_API, ANY_SHOP, DEEP, BARE, BOOKS, LITERAL };
static const char text
        [] = "{\"redirects\": [{\"from\": \"www.example.org\", \"to\": \"Example.org\"},"
             " {\"from\": \"old.example.org\", \"to\": \"2001:db8::1\", \"code\": 302}], \"services\": [" SERVICE("web", "\"hosts\": \"example.org\", \"routes\": \"/\"") "," SERVICE("shop",
                                                                                                                                                                                      "\"hosts\": [\"shop.example.org\", \"Store.Example.net.\"], \"routes\": \"/\"") "," SERVICE("shop_api", "\"hosts\": \"shop.example.org\", \"routes\": \"/api\"") "," SERVICE("any_shop", "\"hosts\": \"*.example.org\", \"routes\": \"/\"") "," SERVICE("deep",
                                                                                                                                                                                                                                                                                                                                                                                                                                              "\"hosts\": \"*.b.example.org\", \"routes\": \"/deep\"") "," SERVICE("bare",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                   "\"routes\": \"/bare\"") "," SERVICE("books",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                        "\"hosts\": \"b\xc3\xbc"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                        "cher.de\", \"routes\": \"/\"") "," SERVICE("literal",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                    "\"hosts\": [\"192.0.2.1\", \"2001:db8::1\"], \"routes\": \"/\"") "]}";

static struct config *config;
static struct routes *routes;

static void take(const char *json)
{
	struct err err;

	ck_assert_msg(config_of_text(json, strlen(json), &config, &err), "%s", err.message);
	routes = routes_new(config);
}

static void make(void)
{
	take(text);
}

static void clear(void)
{
	routes_free(routes);
	config_free(config);
}

static struct http_text text_of(const char *from)
{
	return (struct http_text){from, (uint32_t)strlen(from)};
}

/* The host lies in memory of exactly its size. */
static enum route_outcome find(const char *host, const char *path, struct route_match *match)
{
	char *copy = mem_alloc(strlen(host) + 1);

	memcpy(copy, host, strlen(host));
	char *exact = mem_grow(copy, strlen(host) + (host[0] == '\0'));
	enum route_outcome outcome =
	        routes_find(routes, (struct http_text){exact, (uint32_t)strlen(host)}, text_of(path), HTTP_GET, match);
	free(exact);
	return outcome;
}

START_TEST(the_host_is_decided_first)
{
	static const struct {
		const char *host, *path;
		int service; /* -1: no path */
	} cases[] = {
	        {"example.org", "/", WEB},
	        {"EXAMPLE.org:8080", "/x", WEB},
	        {"example.org.", "/x", WEB},
	        {"example.org.:", "/x", WEB},
	        {"shop.example.org", "/", SHOP},
	        {"store.example.NET", "/api", SHOP},
	        {"shop.example.org", "/api/x", SHOP_API},
	        {"shop.example.org", "/apis", SHOP},
	        {"a.example.org", "/api", ANY_SHOP},
	        {"a.c.example.org", "/", ANY_SHOP},
	        {"b.example.org", "/", ANY_SHOP},
	        {"x.b.example.org", "/deep", DEEP},
	        {"y.x.b.example.org", "/deep/x", DEEP},
	        {"x.b.example.org", "/", -1}, /* and does not fall through to *.example.org */
	        {"x.b.example.org", "/bare", -1},
	        {"xexample.org", "/bare", BARE},
	        {".example.org", "/bare", BARE},
	        {"example.org..", "/bare", BARE},
	        {"example.org.net", "/bare", BARE},
	        {"unknown", "/bare/x", BARE},
	        {"unknown", "/", -1},
	        {"", "/bare", BARE},
	        {".", "/bare", BARE},
	        {":80", "/bare", BARE},
	        {"ex%61mple.org", "/bare", BARE},
	        {"xn--bcher-kva.de", "/", BOOKS},
	        {"XN--BCHER-KVA.DE:1", "/", BOOKS},
	        {"192.0.2.1:80", "/", LITERAL},
	        {"192.0.2.10", "/bare", BARE},
	        {"[2001:db8::1]:80", "/", LITERAL},
	        {"[2001:DB8:0:0::0001]", "/", LITERAL},
	        {"[::ffff:192.0.2.1]", "/", LITERAL},
	        {"[2001:db8::2]", "/bare", BARE},
	        {"[2001:db8::1", "/bare", BARE},
	        {"[]", "/bare", BARE},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct route_match match = {.service = 99};
		enum route_outcome outcome = find(cases[i].host, cases[i].path, &match);
		ck_assert_msg((outcome == ROUTE_FOUND) == (cases[i].service >= 0) && outcome <= ROUTE_NO_PATH, "%s%s",
		              cases[i].host, cases[i].path);
		if (outcome == ROUTE_FOUND)
			ck_assert_msg(match.service == (size_t)cases[i].service, "%s%s: service %zu", cases[i].host,
			              cases[i].path, match.service);
	}
}
END_TEST

START_TEST(a_host_of_any_length)
{
	char host[600];
	struct route_match match;

	memset(host, 'a', sizeof(host));
	for (size_t len = 1; len < 500; len++) {
		snprintf(host + len, sizeof(host) - len, ".example.org");
		ck_assert_uint_eq(find(host, "/bare", &match), ROUTE_FOUND);
		ck_assert_uint_eq(match.service, len + strlen(".example.org") < HOSTS_NAME_SIZE ? ANY_SHOP : BARE);
		host[len] = 'a';
	}
}
END_TEST

START_TEST(a_redirect)
{
	struct route_match match;

	ck_assert_uint_eq(find("WWW.example.org.:81", "/any/path", &match), ROUTE_REDIRECT);
	ck_assert_str_eq(match.host->to, "example.org");
	ck_assert_int_eq(match.host->code, 308);
	ck_assert_uint_eq(find("old.example.org", "/", &match), ROUTE_REDIRECT);
	ck_assert_str_eq(match.host->to, "[2001:db8::1]");
	ck_assert_int_eq(match.host->code, 302);
	ck_assert_uint_eq(find("x.www.example.org", "/", &match), ROUTE_FOUND);
}
END_TEST

START_TEST(where_all_services_name_hosts)
{
	struct route_match match;

	clear();
	take("{\"services\": [" SERVICE("web", "\"hosts\": \"example.org\", \"routes\": \"/x\"") "]}");
	ck_assert(routes_name_hosts(routes));
	ck_assert_uint_eq(find("example.org", "/x", &match), ROUTE_FOUND);
	ck_assert_uint_eq(find("example.org", "/y", &match), ROUTE_NO_PATH);
	ck_assert_uint_eq(find("127.0.0.1:80", "/x", &match), ROUTE_NO_HOST);
	ck_assert_uint_eq(find("", "/x", &match), ROUTE_NO_HOST);
}
END_TEST

START_TEST(where_none_does)
{
	struct route_match match;

	clear();
	take("{\"services\": [" SERVICE("web", "\"routes\": \"/x\"") "]}");
	ck_assert(!routes_name_hosts(routes));
	ck_assert_uint_eq(find("any", "/x", &match), ROUTE_FOUND);
	ck_assert_uint_eq(find("any", "/y", &match), ROUTE_NO_PATH);
}
END_TEST

static bool find_by_name(const char *host, const char *path, struct route_match *match)
{
	return routes_find_by_name(routes, text_of(host), text_of(path), HTTP_GET, match);
}

START_TEST(by_a_services_name)
{
	static const struct {
		const char *host;
		int service; /* -1: of none */
	} cases[] = {
	        {"web", WEB},
	        {"WEB.", WEB},
	        {"Shop_API:8000", SHOP_API},
	        {"shop", SHOP},
	        {"literal:80", LITERAL},
	        {"any_shop", ANY_SHOP},
	        {"shop.example.org", -1},
	        {"", -1},
	        {"we", -1},
	        {"webs", -1},
	        {"zzz", -1},
	        {"a", -1},
	};
	struct route_match match;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool found = find_by_name(cases[i].host, "/any/path", &match);
		ck_assert_msg(found == (cases[i].service >= 0), "%s", cases[i].host);
		ck_assert_msg(!found || match.service == (size_t)cases[i].service, "%s: %zu", cases[i].host,
		              match.service);
	}
	ck_assert_uint_eq(find("web", "/bare", &match), ROUTE_FOUND); /* as a host it is none that anybody names */
	ck_assert_uint_eq(match.service, BARE);
}
END_TEST

/* What is private is so for containers, too; what counts, counts. */
START_TEST(paths_by_a_services_name)
{
	struct route_match match;

	clear();
	take("{\"services\": [{\"name\": \"Twin\", \"image\": \"x\", \"routes\": \"/a\", \"private\": [\"/secret\"],"
	     " \"scale\": {\"count\": [\"/a\"]}}, {\"name\": \"twin\", \"image\": \"x\", \"routes\": \"/b\","
	     " \"first_port\": 9000, \"private\": []}]}");
	ck_assert(find_by_name("twin", "/a/x", &match));
	ck_assert_uint_eq(match.service, 0);
	ck_assert(!match.is_private && match.counted);
	ck_assert(find_by_name("twin", "/b", &match));
	ck_assert(!match.counted);
	ck_assert(find_by_name("twin", "/x/../%73ecret", &match) && match.is_private);
	ck_assert(find_by_name("twin", "/x;/../secret", &match) && match.is_private);
}
END_TEST

START_TEST(many_of_them)
{
	struct buf json;
	char host[64];
	struct route_match match;

	clear();
	buf_init(&json, 1 << 20);
	ck_assert(buf_add_text(&json, "{\"services\": ["));
	for (int i = 0; i < 20; i++) {
		ck_assert(buf_add_format(&json, "%s{\"name\": \"s%d\", \"image\": \"x\", \"hosts\": [\"*.w%d.org\"",
		                         i > 0 ? "," : "", i, i));
		for (int k = 0; k < 200; k++)
			ck_assert(buf_add_format(&json, ", \"h%d.s%d.org\"", k, i));
		ck_assert(buf_add_text(&json, "]}"));
	}
	ck_assert(buf_add_text(&json, "]}"));
	take(buf_text(&json));
	buf_clear(&json);
	for (int i = 0; i < 20; i++) {
		for (int k = 0; k < 200; k++) {
			snprintf(host, sizeof(host), "h%d.s%d.org", k, i);
			ck_assert_uint_eq(find(host, "/api/v1/", &match), ROUTE_FOUND);
			ck_assert_uint_eq(match.service, i);
		}
		snprintf(host, sizeof(host), "x.w%d.org", i);
		ck_assert_uint_eq(find(host, "/api/v1/", &match), ROUTE_FOUND);
		ck_assert_uint_eq(match.service, i);
	}
	ck_assert_uint_eq(find("h200.s0.org", "/api/v1/", &match), ROUTE_NO_HOST);
}
END_TEST

START_TEST(ports)
{
	static const struct {
		const char *authority, *port;
	} cases[] = {{"a:8080", ":8080"}, {"a", ""}, {"a:", ""}, {"[::1]", ""},
	             {"[::1]:8", ":8"},   {"", ""},  {"123", ""}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_text port = hosts_port(text_of(cases[i].authority));
		ck_assert_msg(port.len == strlen(cases[i].port) && memcmp(port.data, cases[i].port, port.len) == 0,
		              "%s", cases[i].authority);
	}
}
END_TEST

UNIT_MAIN_WITH("hosts", make, clear, the_host_is_decided_first, a_host_of_any_length, a_redirect,
               where_all_services_name_hosts, where_none_does, by_a_services_name, paths_by_a_services_name,
               many_of_them, ports)
