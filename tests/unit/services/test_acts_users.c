/* acts asks users: names are resolved by what the file says now, from a nameserver of the test, and failures are tried
 * again, ever later, until a check's time is up. Clients and servers are in one process and take turns on one loop.
 */
#include "services/acts/acts_users.h"

#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/dns.h>
#include <event2/dns_struct.h>
#include <event2/event.h>
#include <event2/http.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHECK_MS 1000
#define DEAF_TO_FIRST 1
#define SILENT "127.0.0.1:1" /* nobody is there: every query is refused */

static struct event_base *base;
static struct evdns_server_port *dns_server;
static struct evhttp *http_server;
static struct acts_users *users;
static char resolv_conf[64];
static char nameserver[32]; /* ours */
static const char *known;   /* the name that our nameserver knows, and no other */
static const char *answer;  /* its address */
static int queries;
static char first_query[64];
static in_port_t deaf_to; /* the port of the one that is not answered; DEAF_TO_FIRST: of who asks next */
static int http_port;

/* --- the nameserver -------------------------------------------------------------------------------------------- */

static bool is_unheard(struct evdns_server_request *request)
{
	struct sockaddr_in from;

	if (evdns_server_request_get_requesting_addr(request, (struct sockaddr *)&from, sizeof(from)) == -1)
		return false;
	if (deaf_to == DEAF_TO_FIRST)
		deaf_to = from.sin_port;
	return from.sin_port == deaf_to;
}

static void on_query(struct evdns_server_request *request, void *arg)
{
	const struct evdns_server_question *question = request->questions[0];
	struct in_addr address;
	int code = 3; /* there is no such name */

	(void)arg;
	if (is_unheard(request)) {
		evdns_server_request_drop(request);
		return;
	}
	if (queries++ == 0)
		snprintf(first_query, sizeof(first_query), "%s", question->name);
	if (strcmp(question->name, known) == 0) {
		code = 0;
		inet_pton(AF_INET, answer, &address);
		if (question->type == EVDNS_TYPE_A)
			evdns_server_request_add_a_reply(request, question->name, 1, &address, 60);
	}
	evdns_server_request_respond(request, code);
}

static struct sockaddr_in bind_any(int fd)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	return address;
}

static void open_nameserver(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	snprintf(nameserver, sizeof(nameserver), "127.0.0.1:%d", ntohs(bind_any(fd).sin_port));
	dns_server = evdns_add_server_port_with_base(base, fd, 0, on_query, NULL);
	known = "users";
	answer = "127.0.0.1";
	queries = 0;
	deaf_to = 0;
}

/* --- the users service ----------------------------------------------------------------------------------------- */

static void on_list(struct evhttp_request *request, void *arg)
{
	(void)arg;
	evbuffer_add_printf(evhttp_request_get_output_buffer(request), "[\"ann\"]");
	evhttp_add_header(evhttp_request_get_output_headers(request), "ETag", "\"1\"");
	evhttp_send_reply(request, 200, "OK", NULL);
}

/* On the port that it had before, if there was one. */
static void open_http(const char *address)
{
	struct evhttp_bound_socket *bound;
	struct sockaddr_in in;
	socklen_t len = sizeof(in);

	http_server = evhttp_new(base);
	evhttp_set_gencb(http_server, on_list, NULL);
	bound = evhttp_bind_socket_with_handle(http_server, address, (uint16_t)http_port);
	ck_assert_ptr_nonnull(bound);
	ck_assert_int_eq(getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&in, &len), 0);
	http_port = ntohs(in.sin_port);
}

static void close_http(void)
{
	if (http_server != NULL)
		evhttp_free(http_server);
	http_server = NULL;
}

/* --- the file -------------------------------------------------------------------------------------------------- */

/* As Docker does it: the file stays the same inode. */
static void write_conf(const char *server, const char *more)
{
	FILE *file = fopen(resolv_conf, "w");

	ck_assert_ptr_nonnull(file);
	fprintf(file, "nameserver %s\n%s\n", server, more);
	fclose(file);
}

/* --- checks ---------------------------------------------------------------------------------------------------- */

struct asked {
	struct user_check check; /* first */
	enum user_answer answer;
};

static void on_done(struct user_check *check, enum user_answer answered)
{
	struct asked *asked = (struct asked *)check;

	asked->answer = answered;
	event_base_loopbreak(base);
}

static enum user_answer ask(void)
{
	struct asked asked = {.check = {.name = "ann", .len = 3, .done = on_done}};

	acts_users_check(users, &asked.check);
	event_base_dispatch(base);
	return asked.answer;
}

static void open_users(void)
{
	char url[64];
	struct acts_users_options options = {.url = url, .timeout_ms = CHECK_MS, .resolv_conf = resolv_conf};
	struct err err;

	snprintf(url, sizeof(url), "http://users:%d", http_port);
	ck_assert_msg(acts_users_open(base, &options, &users, &err), "%s", err.message);
}

static void set_up(void)
{
	signal(SIGPIPE, SIG_IGN);
	snprintf(resolv_conf, sizeof(resolv_conf), "/tmp/test_acts_users.%ld", (long)getpid());
	base = event_base_new();
	http_port = 0;
	open_nameserver();
	open_http("127.0.0.1");
}

static void tear_down(void)
{
	acts_users_close(users);
	users = NULL;
	close_http();
	evdns_close_server_port(dns_server);
	event_base_free(base);
	libevent_global_shutdown();
	unlink(resolv_conf);
}

static void on_write(evutil_socket_t fd, short events, void *arg)
{
	(void)fd;
	(void)events;
	write_conf(nameserver, arg);
}

static void write_later(int ms, const char *more)
{
	struct timeval later = {.tv_usec = ms * 1000};

	event_base_once(base, -1, EV_TIMEOUT, on_write, (void *)more, &later);
}

/* --- the tests ------------------------------------------------------------------------------------------------- */

START_TEST(a_file_that_changes_is_read_before_the_next_connection)
{
	write_conf(SILENT, "");
	open_users();
	ck_assert_int_eq(ask(), USERS_UNREACHABLE);
	write_conf(nameserver, "");
	ck_assert_int_eq(ask(), USER_KNOWN);
}
END_TEST

START_TEST(a_file_that_changes_before_anybody_asked)
{
	write_conf(SILENT, "");
	open_users();
	write_conf(nameserver, "");
	ck_assert_int_eq(ask(), USER_KNOWN);
	ck_assert_int_le(queries, 2); /* for both kinds of addresses: it was the first try */
}
END_TEST

START_TEST(a_file_that_changes_while_a_check_waits)
{
	write_conf(SILENT, "");
	open_users();
	write_later(300, "");
	ck_assert_int_eq(ask(), USER_KNOWN);
}
END_TEST

START_TEST(no_file_at_first)
{
	open_users();
	write_later(300, "");
	ck_assert_int_eq(ask(), USER_KNOWN);
}
END_TEST

START_TEST(search_domains_and_ndots_are_followed)
{
	known = "users.two.test";
	write_conf(nameserver, "search one.test");
	open_users();
	ck_assert_int_eq(ask(), USERS_UNREACHABLE);
	write_conf(nameserver, "search two.test\noptions ndots:0"); /* the bare name first */
	ck_assert_int_eq(ask(), USER_KNOWN);

	close_http();
	open_http("127.0.0.1");
	queries = 0;
	ck_assert_int_eq(ask(), USER_KNOWN);
	ck_assert_str_eq(first_query, "users");

	close_http();
	open_http("127.0.0.1");
	write_conf(nameserver, "search two.test"); /* without the option it is as it was */
	queries = 0;
	ck_assert_int_eq(ask(), USER_KNOWN);
	ck_assert_str_eq(first_query, "users.two.test");

	close_http();
	open_http("127.0.0.1");
	known = "users";
	write_conf(nameserver, "");
	queries = 0;
	ck_assert_int_eq(ask(), USER_KNOWN);
	ck_assert_str_eq(first_query, "users");
}
END_TEST

START_TEST(another_address)
{
	write_conf(nameserver, "");
	open_users();
	ck_assert_int_eq(ask(), USER_KNOWN);
	close_http();
	answer = "127.0.0.2";
	open_http("127.0.0.2");
	ck_assert_int_eq(ask(), USER_KNOWN);
}
END_TEST

/* As the kernel does with one whose packets it sends to where a nameserver was. */
START_TEST(another_socket_is_tried)
{
	write_conf(nameserver, "");
	deaf_to = DEAF_TO_FIRST;
	open_users();
	ck_assert_int_eq(ask(), USER_KNOWN);
}
END_TEST

START_TEST(failures_are_tried_again_ever_later)
{
	known = "nobody";
	write_conf(nameserver, "");
	open_users();
	ck_assert_int_eq(ask(), USERS_UNREACHABLE);
	ck_assert_int_ge(queries, 2 * 6); /* after 0, 20, 60, 140, 300, 550, 800 ms */
	ck_assert_int_le(queries, 2 * 8);
	known = "users";
	ck_assert_int_eq(ask(), USER_KNOWN);
}
END_TEST

/* A backlog that is full: nobody answers the connect. */
START_TEST(a_connect_without_an_answer_is_given_up_in_time)
{
	int full = socket(AF_INET, SOCK_STREAM, 0), fill[3];
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)http_port)};

	inet_pton(AF_INET, "127.0.0.3", &in.sin_addr);
	ck_assert_int_eq(bind(full, (struct sockaddr *)&in, sizeof(in)), 0);
	ck_assert_int_eq(listen(full, 0), 0);
	for (size_t i = 0; i < 3; i++) {
		fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(fill[i], (struct sockaddr *)&in, sizeof(in));
	}
	answer = "127.0.0.3";
	write_conf(nameserver, "");
	open_users();
	ck_assert_int_eq(ask(), USERS_UNREACHABLE);
	ck_assert_int_ge(queries, 2 * 2); /* tried twice */
	answer = "127.0.0.1";
	ck_assert_int_eq(ask(), USER_KNOWN);
	for (size_t i = 0; i < 3; i++)
		close(fill[i]);
	close(full);
}
END_TEST

UNIT_MAIN_WITH("acts_users", set_up, tear_down, a_file_that_changes_is_read_before_the_next_connection,
               a_file_that_changes_before_anybody_asked, a_file_that_changes_while_a_check_waits, no_file_at_first,
               search_domains_and_ndots_are_followed, another_address, another_socket_is_tried,
               failures_are_tried_again_ever_later, a_connect_without_an_answer_is_given_up_in_time)
