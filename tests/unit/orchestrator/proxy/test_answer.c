/* answer: what is no container's business is answered, counted and over; all else is let through. */
#include "orchestrator/proxy/answer.h"

#include "common/mem.h"
#include "orchestrator/config/config_file.h"
#include "orchestrator/proxy/core.h"
#include "tests/unit/orchestrator/proxy/scripted_turn.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

static struct core core;
static struct config *config;
static struct scripted turn;
static struct route_match match;

static void make(void)
{
	struct err err;

	ck_assert(config_load(NULL, &config, &err));
	core = (struct core){.config = config, .routes = routes_new(config)};
}

static void clear(void)
{
	scripted_clear(&turn);
	routes_free(core.routes);
	config_free(config);
}

static bool is_answered(const char *head)
{
	scripted_clear(&turn); /* the one before */
	scripted_begin(&turn, head, "");
	return answer_here(&core, &turn.turn, &match);
}

static void expect(const char *head, int status)
{
	ck_assert(is_answered(head));
	ck_assert_int_eq(turn.answered, status);
	ck_assert_uint_ge(core.stats.by_code[status], 1);
}

START_TEST(a_path_of_a_service)
{
	ck_assert(!is_answered("GET /api/v1/users HTTP/1.1\r\nHost: x\r\n\r\n"));
	ck_assert_int_eq(turn.answered, 0);
	ck_assert_str_eq(config_service_at(config, match.service)->name, "users");
}
END_TEST

START_TEST(a_private_path)
{
	expect("GET /api/v1/_health HTTP/1.1\r\nHost: x\r\n\r\n", 403);
}
END_TEST

START_TEST(nobodys_path)
{
	struct config_service *first = config->services.items;
	size_t all = first->routes.count;

	first->routes.count = 1; /* without "/" */
	routes_free(core.routes);
	core.routes = routes_new(config);
	first->routes.count = all;
	expect("GET /x HTTP/1.1\r\nHost: x\r\n\r\n", 404);
}
END_TEST

static void name_host(const char *host)
{
	struct config_service *services = config->services.items;

	for (size_t i = 0; i < config->services.count; i++)
		strings_add(&services[i].hosts, host);
	routes_free(core.routes);
	core.routes = routes_new(config);
}

START_TEST(nobodys_host)
{
	name_host("example.org");
	ck_assert(!is_answered("GET /api/v1/users HTTP/1.1\r\nHost: Example.org.:80\r\n\r\n"));
	ck_assert_str_eq(config_service_at(config, match.service)->name, "users");
	expect("GET /api/v1/users HTTP/1.1\r\nHost: x\r\n\r\n", 404);
	ck_assert_ptr_nonnull(strstr(turn.detail, "host"));
}
END_TEST

START_TEST(the_target_names_the_host)
{
	name_host("example.org");
	ck_assert(!is_answered("GET http://example.org/api/v1/users HTTP/1.1\r\nHost: x\r\n\r\n"));
	expect("GET http://x/api/v1/users HTTP/1.1\r\nHost: example.org\r\n\r\n", 404);
}
END_TEST

START_TEST(without_a_host_where_all_name_one)
{
	name_host("example.org");
	expect("GET /api/v1/users HTTP/1.0\r\n\r\n", 404);
	expect("GET /api/v1/users HTTP/1.1\r\nHost:\r\n\r\n", 404);
}
END_TEST

static struct config_redirect redirect;

static void redirect_to(const char *to, int code)
{
	redirect = (struct config_redirect){.from = strdup("www.example.org"), .to = strdup(to), .code = code};
	config->redirects.items = mem_alloc(sizeof(redirect));
	memcpy(config->redirects.items, &redirect, sizeof(redirect));
	config->redirects.count = 1;
	routes_free(core.routes);
	core.routes = routes_new(config);
}

START_TEST(another_host)
{
	redirect_to("example.org", 308);
	expect("POST /api/v1/_crash?a=b&c HTTP/1.1\r\nHost: WWW.example.org:8080\r\n\r\n", 308);
	ck_assert_str_eq(turn.location, "http://example.org:8080/api/v1/_crash?a=b&c");
}
END_TEST

START_TEST(another_host_by_the_target)
{
	redirect_to("2001:db8::1", 302);
	expect("GET http://www.example.org?x HTTP/1.1\r\nHost: x\r\n\r\n", 302);
	ck_assert_str_eq(turn.location, "http://[2001:db8::1]/?x");
}
END_TEST

START_TEST(the_end_of_the_way)
{
	expect("OPTIONS /x HTTP/1.1\r\nHost: x\r\nMax-Forwards: 0\r\n\r\n", 204);
}
END_TEST

START_TEST(trace_is_not_echoed)
{
	expect("TRACE /x HTTP/1.1\r\nHost: x\r\nMax-Forwards: 0\r\n\r\n", 405);
}
END_TEST

START_TEST(a_way_of_no_length)
{
	expect("OPTIONS /x HTTP/1.1\r\nHost: x\r\nMax-Forwards: soon\r\n\r\n", 400);
}
END_TEST

START_TEST(who_is_asked_where_nobody_was_named)
{
	ck_assert(!is_answered("GET /api/v1/users HTTP/1.0\r\n\r\n"));
	ck_assert(buf_add(&turn.request.head, "", 1));
	ck_assert_ptr_nonnull(strstr(turn.request.head.data, "\r\nHost: users\r\n"));
}
END_TEST

/* --- our own containers ---------------------------------------------------------------------------------------- */

static const struct in6_addr source = {.s6_addr = {[10] = 0xff, [11] = 0xff, 172, 18, 0, 2}};
static struct address_set *sources;

static void have_sources(void)
{
	sources = address_set_new();
	address_set_add(sources, &source);
	core.sources = sources;
}

static bool is_answered_from(const struct in6_addr *from, const char *head)
{
	scripted_clear(&turn);
	scripted_begin(&turn, head, "");
	turn.peer.source = *from;
	return answer_here(&core, &turn.turn, &match);
}

static bool covers_all(const char *host, void *arg)
{
	(void)host;
	(void)arg;
	return true;
}

START_TEST(a_container_asks_by_name)
{
	static const char asks[] = "GET /any HTTP/1.1\r\nHost: Users:8000\r\n\r\n";
	static const struct in6_addr stranger = {.s6_addr = {[10] = 0xff, [11] = 0xff, 172, 18, 0, 3}};

	have_sources();
	name_host("example.org");
	ck_assert(!is_answered_from(&source, asks));
	ck_assert_str_eq(config_service_at(config, match.service)->name, "users");
	ck_assert(is_answered_from(&stranger, asks));
	ck_assert_int_eq(turn.answered, 404);
	ck_assert(is_answered_from(&in6addr_any, asks)); /* as a PROXY header told */
	ck_assert_int_eq(turn.answered, 404);
	address_set_remove(sources, &source); /* it has ended, and another has its address */
	ck_assert(is_answered_from(&source, asks));
	ck_assert_int_eq(turn.answered, 404);
	address_set_free(sources);
}
END_TEST

START_TEST(a_container_is_not_sent_to_tls)
{
	static const char by_name[] = "GET /any HTTP/1.1\r\nHost: users\r\n\r\n";
	static const char by_host[] = "GET /api/v1/users HTTP/1.1\r\nHost: example.org\r\n\r\n";

	have_sources();
	core.covers = covers_all;
	ck_assert(!is_answered_from(&source, by_name));
	ck_assert(!is_answered_from(&source, by_host));
	ck_assert(is_answered_from(&in6addr_any, by_host));
	ck_assert_int_eq(turn.answered, 308);
	address_set_free(sources);
}
END_TEST

START_TEST(what_is_private_to_a_container)
{
	have_sources();
	ck_assert(is_answered_from(&source, "GET /api/v1/_crash HTTP/1.1\r\nHost: users\r\n\r\n"));
	ck_assert_int_eq(turn.answered, 403);
	address_set_free(sources);
}
END_TEST

/* It is a proxy that we trust, too, and the request is not its own. */
START_TEST(whom_a_container_speaks_for)
{
	have_sources();
	name_host("example.org");
	scripted_clear(&turn);
	scripted_begin(&turn, "GET /any HTTP/1.1\r\nHost: users\r\n\r\n", "");
	turn.peer.source = source;
	turn.request.client = turn.request.spoken_for;
	ck_assert(answer_here(&core, &turn.turn, &match));
	ck_assert_int_eq(turn.answered, 404);
	address_set_free(sources);
}
END_TEST

UNIT_MAIN_WITH("answer", make, clear, a_path_of_a_service, a_private_path, nobodys_path, nobodys_host,
               the_target_names_the_host, without_a_host_where_all_name_one, another_host, another_host_by_the_target,
               the_end_of_the_way, trace_is_not_echoed, a_way_of_no_length, a_container_asks_by_name,
               a_container_is_not_sent_to_tls, what_is_private_to_a_container, whom_a_container_speaks_for,
               who_is_asked_where_nobody_was_named)
