/* front: every kind of connection comes in, within the limit, and ends when we do. */
#include "orchestrator/proxy/front.h"

#include "orchestrator/base/loop.h"
#include "orchestrator/config/config_file.h"
#include "orchestrator/proxy/problem.h"
#include "orchestrator/proxy/turn.h"
#include "tests/unit/orchestrator/wire/pairs.h"
#include "tests/unit/unit.h"

#include <string.h>

#define GET "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
#define CLIENTS 8

static struct event_base *base;
static struct defer *defer;
static struct deadlines *deadlines;
static struct config *config;
static struct front *front;
static struct sockaddr_in address;
static int listening;
static unsigned requests;
static int clients[CLIENTS];
static unsigned client_count;

static void on_request(struct turn *turn, void *arg)
{
	struct problem problem = {.status = 404, .detail = turn->request->client};

	(void)arg;
	requests++;
	turn_answer(turn, &problem);
}

static void on_refused(const struct conns_refused *refused, void *arg)
{
	(void)refused;
	(void)arg;
}

static int inherited(const char *text, void *arg)
{
	(void)text;
	(void)arg;
	return listening;
}

static void make(void)
{
	struct err err;
	socklen_t len = sizeof(address);

	requests = client_count = 0;
	address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(bind(listening, (struct sockaddr *)&address, len), 0);
	ck_assert_int_eq(listen(listening, CLIENTS), 0);
	ck_assert_int_eq(getsockname(listening, (struct sockaddr *)&address, &len), 0);
	base = loop_new();
	defer = defer_new(base);
	deadlines = deadlines_new(base, 40);
	ck_assert(config_load(NULL, &config, &err));
	config->listen.count = 1;
}

static void open_front(int http1)
{
	struct err err;
	struct front_settings settings = {.conns = {.base = base,
	                                            .deadlines = deadlines,
	                                            .defer = defer,
	                                            .config = config,
	                                            .on_request = on_request,
	                                            .on_refused = on_refused},
	                                  .inherited = inherited};

	config->http1 = http1;
	config->half_close = http1 == CONFIG_HTTP1_EVHTTP ? CONFIG_HALF_CLOSE_CANCEL : CONFIG_HALF_CLOSE_ANSWER;
	ck_assert_msg(front_new(&settings, &front, &err), "%s", err.message);
}

static void clear(void)
{
	front_free(front);
	for (unsigned i = 0; i < client_count; i++)
		close(clients[i]);
	deadlines_free(deadlines);
	defer_free(defer);
	event_base_free(base);
	config_free(config);
}

static int come(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	set_nonblocking(fd);
	clients[client_count++] = fd;
	turn(base);
	return fd;
}

static void ask(int fd)
{
	char text[4096];

	ck_assert_int_eq(send(fd, GET, strlen(GET), 0), (ssize_t)strlen(GET));
	turn(base);
	ssize_t got = recv(fd, text, sizeof(text) - 1, 0);
	ck_assert_int_gt(got, 0);
	text[got] = '\0';
	ck_assert_ptr_nonnull(strstr(text, "HTTP/1.1 404 "));
	ck_assert_ptr_nonnull(strstr(text, "127.0.0.1")); /* the client's address */
}

static bool is_closed(int fd)
{
	char byte;

	turn(base);
	return recv(fd, &byte, 1, 0) == 0;
}

static void come_and_go(int http1)
{
	open_front(http1);
	int one = come(), two = come();
	ask(one);
	ask(two);
	ask(one);
	ck_assert_uint_eq(requests, 3);
	ck_assert_uint_eq(front_connections(front), 2);
	shutdown(two, SHUT_RDWR);
	turn(base);
	ck_assert_uint_eq(front_connections(front), 1);
}

START_TEST(come_and_go_own)
{
	come_and_go(CONFIG_HTTP1_OWN);
}
END_TEST

START_TEST(come_and_go_evhttp)
{
	come_and_go(CONFIG_HTTP1_EVHTTP);
}
END_TEST

static void within_the_limit(int http1)
{
	config->max_connections = 2;
	open_front(http1);
	int one = come(), two = come();
	ask(one);
	ask(two);
	turn_for(base, 150); /* both are idle by now */
	int three = come();
	ck_assert(is_closed(one));
	ask(two);
	ask(three);
	ck_assert_uint_eq(front_connections(front), 2);
}

START_TEST(within_the_limit_own)
{
	within_the_limit(CONFIG_HTTP1_OWN);
}
END_TEST

START_TEST(within_the_limit_evhttp)
{
	within_the_limit(CONFIG_HTTP1_EVHTTP);
}
END_TEST

static void draining(int http1)
{
	open_front(http1);
	int one = come(), two = come();
	front_drain(front);
	ask(one); /* the last one there */
	ck_assert(is_closed(one));
	turn_for(base, 800);
	ck_assert(is_closed(two));
	ck_assert_uint_eq(front_connections(front), 0);
	int late = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(late, (struct sockaddr *)&address, sizeof(address)), -1);
	close(late);
}

START_TEST(draining_own)
{
	draining(CONFIG_HTTP1_OWN);
}
END_TEST

START_TEST(draining_evhttp)
{
	draining(CONFIG_HTTP1_EVHTTP);
}
END_TEST

START_TEST(an_address_that_is_none)
{
	struct err err;
	struct front_settings settings = {
	        .conns = {.base = base, .deadlines = deadlines, .defer = defer, .config = config}};

	front = NULL;
	close(listening);
	free(config->listen.items[0]);
	config->listen.items[0] = strdup("nowhere");
	ck_assert(!front_new(&settings, &front, &err));
	ck_assert_ptr_nonnull(strstr(err.message, "nowhere"));
	ck_assert_ptr_null(front);
}
END_TEST

UNIT_MAIN_WITH("front", make, clear, come_and_go_own, come_and_go_evhttp, within_the_limit_own, within_the_limit_evhttp,
               draining_own, draining_evhttp, an_address_that_is_none)
