/* Requests on a unix socket: deadlines, replies that are too large or cut, a full backlog, cancelling. */
#include "orchestrator/engine/docker/docker_http.h"

#include "common/clock.h"
#include "common/mem.h"

#include "tests/unit/unit.h"
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOON_MS 5000

static char folder[] = "/tmp/selfless-http-XXXXXX";
static char path[sizeof(folder) + 16];
static struct event_base *base;
static struct docker_http *http;
static int listener;
static pid_t server;

/* What came back. */
static int replies;
static enum docker_http_end end;
static int status;
static size_t len;
static char api_version[16];
static char message[600];

static void set_up(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/docker.sock", folder);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ne(bind(listener, (struct sockaddr *)&address, sizeof(address)), -1);
	ck_assert_int_ne(listen(listener, 0), -1);
	base = event_base_new();
	http = docker_http_new(base, path);
	replies = 0;
	server = -1;
}

static void tear_down(void)
{
	if (server != -1)
		waitpid(server, NULL, 0);
	docker_http_free(http);
	event_base_free(base);
	close(listener);
	unlink(path);
	rmdir(folder);
}

/* A child takes one connection, reads the request's head, writes text, then `zeros` zero bytes, and closes. */
static void serve(const char *text, size_t zeros)
{
	static char zero[65536];
	char head[4096];
	int fd;

	server = fork();
	if (server != 0)
		return;
	fd = accept(listener, NULL, NULL);
	if (read(fd, head, sizeof(head)) > 0 && write(fd, text, strlen(text)) > 0)
		for (; zeros > 0; zeros -= zeros < sizeof(zero) ? zeros : sizeof(zero))
			if (write(fd, zero, zeros < sizeof(zero) ? zeros : sizeof(zero)) == -1)
				break;
	_exit(0);
}

static void on_reply(const struct docker_reply *reply, void *arg)
{
	(void)arg;
	replies++;
	end = reply->end;
	status = reply->status;
	len = reply->len;
	snprintf(api_version, sizeof(api_version), "%s", reply->api_version);
	snprintf(message, sizeof(message), "%s", reply->message);
}

static struct docker_http_request *get(int timeout_ms)
{
	struct docker_http_ask ask = {.method = "GET", .path = "/x", .timeout_ms = timeout_ms};
	struct docker_http_request *request = docker_http_send(http, &ask, on_reply, NULL);

	ck_assert_int_eq(replies, 0);
	return request;
}

static void wait_ms(int ms)
{
	int64_t until = clock_ms() + ms;

	while (replies == 0 && clock_ms() < until) {
		struct timeval most = {.tv_usec = 5000};

		event_base_loopexit(base, &most);
		event_base_loop(base, EVLOOP_ONCE);
	}
}

START_TEST(a_reply)
{
	serve("HTTP/1.1 404 Not Found\r\napi-version:  1.41\r\nContent-Length: 4\r\n\r\nnope", 0);
	get(SOON_MS);
	wait_ms(SOON_MS);
	ck_assert_int_eq(end, DOCKER_HTTP_REPLIED);
	ck_assert_int_eq(status, 404);
	ck_assert_uint_eq(len, 4);
	ck_assert_str_eq(api_version, "1.41");
}
END_TEST

START_TEST(a_server_that_hangs_is_timed_out)
{
	int64_t start = clock_ms();

	get(200); /* connected by the kernel, accepted by nobody */
	wait_ms(SOON_MS);
	ck_assert_int_eq(replies, 1);
	ck_assert_int_eq(end, DOCKER_HTTP_TIMED_OUT);
	ck_assert_int_ge(clock_ms() - start, 199);
	ck_assert_int_lt(clock_ms() - start, 2000);
}
END_TEST

START_TEST(a_cut_reply_is_a_lost_connection)
{
	serve("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", 0);
	get(SOON_MS);
	wait_ms(SOON_MS);
	ck_assert_int_eq(end, DOCKER_HTTP_UNREACHABLE);
	ck_assert_ptr_nonnull(strstr(message, "lost"));
}
END_TEST

START_TEST(a_reply_may_be_as_large_as_the_limit)
{
	serve("HTTP/1.1 200 OK\r\nContent-Length: 8388608\r\n\r\n", DOCKER_HTTP_REPLY_MAX);
	get(SOON_MS);
	wait_ms(SOON_MS);
	ck_assert_int_eq(end, DOCKER_HTTP_REPLIED);
	ck_assert_uint_eq(len, DOCKER_HTTP_REPLY_MAX);
}
END_TEST

START_TEST(a_reply_over_the_limit_is_refused)
{
	serve("HTTP/1.1 200 OK\r\n\r\n", DOCKER_HTTP_REPLY_MAX + 1);
	get(SOON_MS);
	wait_ms(SOON_MS);
	ck_assert_int_eq(end, DOCKER_HTTP_TOO_LARGE);
	ck_assert_ptr_nonnull(strstr(message, "8388608"));
}
END_TEST

/* A unix socket whose backlog is full says EAGAIN to a non-blocking connect. */
START_TEST(a_full_backlog_is_waited_for)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int filler = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	ck_assert_int_ne(connect(filler, (struct sockaddr *)&address, sizeof(address)), -1);
	get(SOON_MS);
	wait_ms(300);
	ck_assert_msg(replies == 0, "%s", message);
	close(filler);
	close(accept(listener, NULL, NULL));
	serve("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0);
	wait_ms(SOON_MS);
	ck_assert_int_eq(replies, 1);
	ck_assert_msg(end == DOCKER_HTTP_REPLIED, "%s", message);
}
END_TEST

START_TEST(nobody_listens)
{
	close(listener);
	get(SOON_MS);
	wait_ms(SOON_MS);
	ck_assert_int_eq(end, DOCKER_HTTP_UNREACHABLE);
	ck_assert_msg(strstr(message, "Connection refused") != NULL, "%s", message);
	unlink(path);
	replies = 0;
	get(SOON_MS);
	wait_ms(SOON_MS);
	ck_assert_msg(strstr(message, "No such file") != NULL, "%s", message);
}
END_TEST

START_TEST(cancelled_is_silent)
{
	struct docker_http_request *request = get(SOON_MS);

	wait_ms(20);
	docker_http_cancel(request);
	docker_http_cancel(get(SOON_MS));
	wait_ms(50);
	ck_assert_int_eq(replies, 0);
}
END_TEST

UNIT_MAIN_WITH("docker_http", set_up, tear_down, a_reply, a_server_that_hangs_is_timed_out,
               a_cut_reply_is_a_lost_connection, a_reply_may_be_as_large_as_the_limit,
               a_reply_over_the_limit_is_refused, a_full_backlog_is_waited_for, nobody_listens, cancelled_is_silent)
