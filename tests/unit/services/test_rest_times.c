/* The deadlines of connections, with a clock that is set: idle 75 s, a head 10 s, a body 30 s without progress, or
 * 10 s with less than 1 KiB a second. The server and its client are in one process and take turns on one loop.
 */
#include "common/clock.h"
#include "services/rest/rest.h"

#include "tests/unit/unit.h"

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct event_base *base;
static struct rest_server *server;
static char socket_path[100];
static struct rest_request *held;
static int64_t now_us = 1000000000;

static void on_get(struct rest_request *request, void *owner)
{
	(void)owner;
	rest_reply_text(request, 200, "{}");
}

static void on_hold(struct rest_request *request, void *owner)
{
	(void)owner;
	held = request;
}

static const struct rest_route ROUTES[] = {
        {HTTP_GET, "/", on_get}, {HTTP_POST, "/", on_get}, {HTTP_GET, "/hold", on_hold}};
static const struct rest_service SERVICE = {.routes = ROUTES, .route_count = 3};

static void set_up(void)
{
	char listen_text[120];
	struct rest_options options = {.listen = listen_text, .max_body_bytes = 100000, .max_bodies_bytes = 1000000};
	struct err err = {.code = 0};

	snprintf(socket_path, sizeof(socket_path), "/tmp/test_rest_times.%ld", (long)getpid());
	snprintf(listen_text, sizeof(listen_text), "unix:%s", socket_path);
	signal(SIGPIPE, SIG_IGN);
	clock_fake(now_us);
	base = event_base_new();
	ck_assert_msg(rest_server_open(base, &options, &SERVICE, &server, &err), "%s", err.message);
}

static void tear_down(void)
{
	rest_server_free(server);
	event_base_free(base);
	libevent_global_shutdown();
	unlink(socket_path);
}

/* Lets the loop run for a while of real time: longer than its sweep takes to come round. */
static void turn(void)
{
	struct timeval limit = {.tv_usec = 350000};

	event_base_loopexit(base, &limit);
	event_base_dispatch(base);
}

static void pass_seconds(int64_t seconds)
{
	now_us += seconds * 1000000;
	clock_fake(now_us);
	turn();
}

static int connect_client(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	turn();
	return fd;
}

static void say(int fd, const char *text)
{
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	turn();
}

/* What has come: "open" for nothing yet, "closed" for the end, else the status line's beginning. */
static const char *heard(int fd)
{
	static char text[4096];
	ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	if (n == -1)
		return "open";
	if (n == 0)
		return "closed";
	text[n < 12 ? n : 12] = '\0';
	return text;
}

START_TEST(idle)
{
	set_up();
	int fd = connect_client();
	pass_seconds(74);
	ck_assert_str_eq(heard(fd), "open");
	pass_seconds(2);
	ck_assert_str_eq(heard(fd), "closed");
	close(fd);
	tear_down();
}
END_TEST

START_TEST(idle_after_a_request)
{
	set_up();
	int fd = connect_client();
	pass_seconds(60);
	say(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_str_eq(heard(fd), "HTTP/1.1 200");
	pass_seconds(74);
	ck_assert_str_eq(heard(fd), "open");
	pass_seconds(2);
	ck_assert_str_eq(heard(fd), "closed");
	close(fd);
	tear_down();
}
END_TEST

START_TEST(slow_head)
{
	set_up();
	int fd = connect_client();
	pass_seconds(60);
	for (int i = 0; i < 3; i++) {
		say(fd, i == 0 ? "GET / HTTP/1.1\r\n" : "X: y\r\n");
		pass_seconds(3);
		ck_assert_str_eq(heard(fd), "open");
	}
	pass_seconds(2);
	ck_assert_str_eq(heard(fd), "HTTP/1.1 408");
	ck_assert_str_eq(heard(fd), "closed");
	close(fd);
	tear_down();
}
END_TEST

START_TEST(silent_body)
{
	static char much[95001];

	set_up();
	int fd = connect_client();
	memset(much, 'x', sizeof(much) - 1);
	say(fd, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 95009\r\n\r\n");
	say(fd, much);
	for (int i = 0; i < 3; i++) {
		say(fd, "x");
		pass_seconds(29);
		ck_assert_str_eq(heard(fd), "open");
	}
	pass_seconds(3);
	ck_assert_str_eq(heard(fd), "HTTP/1.1 408");
	close(fd);
	tear_down();
}
END_TEST

START_TEST(slow_body)
{
	set_up();
	int fd = connect_client();
	say(fd, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n");
	for (int i = 0; i < 3; i++) {
		say(fd, "x");
		pass_seconds(3);
		ck_assert_str_eq(heard(fd), "open");
	}
	say(fd, "x");
	pass_seconds(2);
	ck_assert_str_eq(heard(fd), "HTTP/1.1 408");
	close(fd);
	tear_down();
}
END_TEST

START_TEST(no_deadline_while_a_handler_works)
{
	set_up();
	int fd = connect_client();
	say(fd, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	pass_seconds(1000);
	ck_assert_str_eq(heard(fd), "open");
	rest_reply_text(held, 200, "{}");
	turn();
	ck_assert_str_eq(heard(fd), "HTTP/1.1 200");
	close(fd);
	tear_down();
}
END_TEST

START_TEST(refused_and_left_open)
{
	set_up();
	int fd = connect_client();
	say(fd, "nonsense\r\n\r\n");
	ck_assert_str_eq(heard(fd), "HTTP/1.1 400");
	ck_assert_str_eq(heard(fd), "closed"); /* its sending side */
	say(fd, "more");
	pass_seconds(3);
	ck_assert_int_eq(send(fd, "x", 1, MSG_NOSIGNAL), -1);
	close(fd);
	tear_down();
}
END_TEST

START_TEST(client_leaves_while_a_handler_works)
{
	set_up();
	int fd = connect_client();
	say(fd, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	close(fd);
	turn();
	rest_reply_text(held, 200, "{}"); /* goes nowhere, harms nobody */
	turn();
	tear_down();
}
END_TEST

static void on_stopped(void *arg)
{
	*(bool *)arg = true;
}

START_TEST(stops_after_what_is_in_flight)
{
	bool stopped = false;

	set_up();
	int fd = connect_client();
	say(fd, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	rest_server_stop(server, 5000, on_stopped, &stopped);
	pass_seconds(4);
	ck_assert(!stopped);
	rest_reply_text(held, 200, "{}");
	pass_seconds(0);
	ck_assert_str_eq(heard(fd), "HTTP/1.1 200");
	pass_seconds(0);
	ck_assert(stopped);
	close(fd);
	tear_down();
}
END_TEST

START_TEST(stops_at_its_limit)
{
	bool stopped = false;

	set_up();
	int fd = connect_client();
	say(fd, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	rest_server_stop(server, 5000, on_stopped, &stopped);
	pass_seconds(6);
	ck_assert(stopped);
	rest_reply_text(held, 200, "{}");
	close(fd);
	tear_down();
}
END_TEST

UNIT_MAIN("rest_times", idle, idle_after_a_request, slow_head, silent_body, slow_body,
          no_deadline_while_a_handler_works, refused_and_left_open, client_leaves_while_a_handler_works,
          stops_after_what_is_in_flight, stops_at_its_limit)
