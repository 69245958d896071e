/* answer: what is no container's business is answered, counted and over; all else is let through. */
#include "orchestrator/proxy/answer.h"

#include "orchestrator/config/config_file.h"
#include "orchestrator/proxy/core.h"
#include "tests/unit/orchestrator/proxy/scripted_turn.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

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
	scripted_begin(&turn, head, "");
	return answer_here(&core, &turn.turn, &match);
}

static void expect(const char *head, int status)
{
	ck_assert(is_answered(head));
	ck_assert_int_eq(turn.answered, status);
	ck_assert_uint_eq(core.stats.by_code[status], 1);
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

UNIT_MAIN_WITH("answer", make, clear, a_path_of_a_service, a_private_path, nobodys_path, the_end_of_the_way,
               trace_is_not_echoed, a_way_of_no_length, who_is_asked_where_nobody_was_named)
