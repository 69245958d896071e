/* Who is asked for counts: those that the file names, or one on each host that the engine names. */
#include "orchestrator/fleet/peering.h"

#include "common/log.h"
#include "tests/unit/unit.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOKEN "0123456789abcdef0123"
#define ROUND_MS 1300 /* a round, and some */

static char path[] = "/tmp/selfless-peering-XXXXXX";
static struct event_base *base;
static struct evhttp *http; /* another one's admin */
static char here[32], admin_node[32];
static int asked;
static bool with_token;
static unsigned long long counted; /* by the other one */
static uint64_t news;
static struct config config;
static struct peering peering;

static void on_request(struct evhttp_request *request, void *arg)
{
	const char *token = evhttp_find_header(evhttp_request_get_input_headers(request), "Authorization");
	struct evbuffer *body = evbuffer_new();

	(void)arg;
	asked++;
	with_token = token != NULL && strcmp(token, "Bearer " TOKEN) == 0;
	ck_assert_str_eq(evhttp_request_get_uri(request), "/api/peer");
	evbuffer_add_printf(body, "{\"boot\":\"b1\",\"up_ms\":0,\"services\":[{\"name\":\"web\",\"counted\":%llu}]}",
	                    counted);
	evhttp_send_reply(request, 200, "OK", body);
	evbuffer_free(body);
}

static void on_news(const struct peers_news *told, void *arg)
{
	(void)arg;
	news += told->requests;
}

static void set_up(void)
{
	struct evhttp_bound_socket *bound;
	struct sockaddr_in at;
	socklen_t len = sizeof(at);
	int fd = mkstemp(path);

	ck_assert(fd != -1 && write(fd, TOKEN "\n", sizeof(TOKEN)) == sizeof(TOKEN));
	close(fd);
	base = event_base_new();
	http = evhttp_new(base);
	evhttp_set_gencb(http, on_request, NULL);
	bound = evhttp_bind_socket_with_handle(http, "127.0.0.1", 0);
	ck_assert_ptr_nonnull(bound);
	ck_assert_int_eq(getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&at, &len), 0);
	snprintf(here, sizeof(here), "127.0.0.1:%d", ntohs(at.sin_port));
	snprintf(admin_node, sizeof(admin_node), "node:%d", ntohs(at.sin_port));
	config.swarm.token_file = path;
	strings_add(&config.admin, "127.0.0.1:1");
}

static void tear_down(void)
{
	peering_end(&peering);
	evhttp_free(http);
	event_base_free(base);
	strings_clear(&config.admin);
	strings_clear(&config.swarm.peers);
	unlink(path);
}

static void begin(void)
{
	peering_begin(
	        &peering, &config,
	        &(struct peers_settings){.base = base, .token_file = config.swarm.token_file, .on_news = on_news});
	peers_lead(peering.peers, true);
}

static void run(int ms)
{
	struct timeval most = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	event_base_loopexit(base, &most);
	event_base_dispatch(base);
}

/* Managers besides ours, which is always there, and so is a worker; NULL: none. */
static void name_two(const char *first, const char *second)
{
	struct engine_node told[4] = {
	        {.host = "own", .address = "127.0.0.1", .state = "ready", .self = true, .manager = true},
	        {.host = "worker", .address = "127.0.0.1", .state = "ready"}};
	struct nodes nodes = {0};
	size_t count = 2;

	if (first != NULL)
		told[count++] = (struct engine_node){.host = "1", .address = first, .state = "ready", .manager = true};
	if (second != NULL)
		told[count++] = (struct engine_node){.host = "2", .address = second, .state = "ready", .manager = true};
	nodes_take(&nodes, told, count);
	peering_nodes(&peering, &nodes);
	nodes_clear(&nodes);
}

static void name_host(const char *other)
{
	name_two(other, NULL);
}

START_TEST(each_host_is_asked_at_our_own_port)
{
	strings_add(&config.admin, admin_node);
	begin();
	name_host("127.0.0.1");
	run(ROUND_MS);
	ck_assert_int_ge(asked, 1);
	ck_assert(with_token);
	name_host(NULL);
	asked = 0;
	run(ROUND_MS);
	ck_assert_int_eq(asked, 0);
}
END_TEST

/* What a peer has told is kept while others come. */
START_TEST(another_host_makes_nobody_counted_twice)
{
	strings_add(&config.admin, admin_node);
	begin();
	counted = 7;
	name_host("127.0.0.1");
	run(ROUND_MS);
	ck_assert_uint_eq(news, 7);
	name_two("127.0.0.2", "127.0.0.1"); /* nobody is at the first */
	counted = 9;
	run(ROUND_MS);
	ck_assert_uint_eq(news, 9);
}
END_TEST

/* "0.0.0.0:PORT" is as good as the node's. */
START_TEST(any_address_but_loopback_gives_the_port)
{
	char any[48];

	snprintf(any, sizeof(any), "0.0.0.0:%s", strchr(here, ':') + 1);
	strings_add(&config.admin, any);
	begin();
	name_host("127.0.0.1");
	run(ROUND_MS);
	ck_assert_int_ge(asked, 1);
}
END_TEST

START_TEST(those_that_the_file_names_are_all)
{
	strings_add(&config.swarm.peers, here);
	begin();
	name_host("127.0.0.2");
	run(ROUND_MS);
	ck_assert_int_ge(asked, 1);
	ck_assert_uint_eq(config.swarm.peers.count, 1);
}
END_TEST

static int told_off, told_what_to_do;

static void on_line(enum log_level level, const char *text, size_t len, void *arg)
{
	(void)level;
	(void)len;
	(void)arg;
	told_off += strstr(text, "event=peers-off") != NULL;
	told_what_to_do += strstr(text, "node:9090") != NULL;
}

/* Nobody can be asked: what to do is said once, and only where there are others. */
static void check_told(void)
{
	log_listen(on_line, NULL);
	begin();
	name_host(NULL);
	ck_assert_int_eq(told_off, 0);
	name_host("127.0.0.1");
	name_host("127.0.0.1");
	ck_assert_int_eq(told_off, 1);
	ck_assert_int_eq(told_what_to_do, 1);
	log_listen(NULL, NULL);
	run(100);
	ck_assert_int_eq(asked, 0);
}

START_TEST(without_an_address_for_others_that_is_said)
{
	check_told();
}
END_TEST

START_TEST(without_a_token_that_is_said)
{
	strings_add(&config.admin, admin_node);
	config.swarm.token_file = "";
	check_told();
}
END_TEST

UNIT_MAIN_WITH("peering", set_up, tear_down, each_host_is_asked_at_our_own_port,
               another_host_makes_nobody_counted_twice, any_address_but_loopback_gives_the_port,
               those_that_the_file_names_are_all, without_an_address_for_others_that_is_said,
               without_a_token_that_is_said)
