/* upstream: each reply is told whole and once, each failure by its right name, and no connection is used again that must not be. */
#include "orchestrator/wire/upstream.h"

#include "common/buf.h"
#include "common/clock.h"
#include "orchestrator/base/defer.h"
#include "orchestrator/wire/pulse.h"
#include "tests/unit/orchestrator/wire/pairs.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/un.h>

#define GET "GET / HTTP/1.1\r\nHost: acts\r\n\r\n"
#define BODY_MAX 10000000
#define TIMEOUT_MS 40

/* --- a reader that keeps what it is told ----------------------------------------------------------------------- */

struct reader {
	struct upstream *upstream;
	int heads[64];
	int head_count;
	char body[4096];
	size_t body_len;
	char trailers[256];
	int done, missed, failed;
	enum upstream_failure failure;
	bool untouched;
	char broke[128];
	int error;
	char begun[128];
	enum http_fault fault;
	bool pause_at_head, cancel_at_head, again_when_done;
};

static struct event_base *base;
static struct defer *defer;
static struct deadlines *deadlines;
static struct upstream_settings settings;
static struct address address;
static struct upstream_pool *pool;
static struct pulse pulse;
static struct reader reader;
static int listening;
static int peer; /* the server's end of the last connection */

static void ask(struct reader *by, enum http_method method, const char *head, const char *body);

static void on_head(const struct http_head *head, void *arg)
{
	struct reader *self = arg;

	ck_assert_int_eq(self->done + self->failed, 0);
	self->heads[self->head_count++] = head->status;
	if (self->pause_at_head)
		upstream_pause(self->upstream);
	if (self->cancel_at_head)
		upstream_cancel(self->upstream);
}

static void on_body(const char *data, size_t len, void *arg)
{
	struct reader *self = arg;

	ck_assert_int_eq(self->done + self->failed, 0);
	if (self->body_len + len <= sizeof(self->body))
		memcpy(self->body + self->body_len, data, len);
	self->body_len += len;
}

static void on_done(struct http_text trailers, void *arg)
{
	struct reader *self = arg;

	self->done++;
	snprintf(self->trailers, sizeof(self->trailers), "%.*s", (int)trailers.len, trailers.data);
	if (self->again_when_done)
		ask(self, HTTP_GET, GET, "");
}

static void on_missed(void *arg)
{
	((struct reader *)arg)->missed++;
}

static void on_failed(enum upstream_failure failure, bool untouched, const char *broke, void *arg)
{
	struct reader *self = arg;
	struct http_text begun = upstream_begun(self->upstream);

	self->failed++;
	self->failure = failure;
	self->untouched = untouched;
	snprintf(self->broke, sizeof(self->broke), "%s", broke != NULL ? broke : "");
	snprintf(self->begun, sizeof(self->begun), "%.*s", (int)begun.len, begun.data);
	self->error = upstream_error(self->upstream);
	self->fault = upstream_fault(self->upstream);
}

static const struct upstream_reader calls = {on_head, on_body, on_done, on_missed, on_failed};

static struct http_text text(const char *of)
{
	return (struct http_text){of, (uint32_t)strlen(of)};
}

static struct upstream_request request = {.response_timeout_ms = 10000};

static void ask(struct reader *by, enum http_method method, const char *head, const char *body)
{
	request.method = method;
	request.head = text(head);
	request.body = text(body);
	by->done = by->failed = by->head_count = 0;
	by->body_len = 0;
	by->upstream = upstream_send(&settings, &address, pool, &request, &calls, by);
	ck_assert_int_eq(by->done + by->failed + by->head_count, 0); /* nothing is told from within the call */
}

/* --- a server that does what the test says --------------------------------------------------------------------- */

static void listen_tcp(void)
{
	struct sockaddr_in *any = (struct sockaddr_in *)&address.addr;

	*any = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	address.len = sizeof(*any);
	listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(bind(listening, (struct sockaddr *)any, address.len), 0);
	ck_assert_int_eq(listen(listening, 16), 0);
	ck_assert_int_eq(getsockname(listening, (struct sockaddr *)any, &address.len), 0);
}

static void let_in(void)
{
	turn(base);
	peer = accept4(listening, NULL, NULL, SOCK_NONBLOCK);
	ck_assert_int_ne(peer, -1);
	turn(base);
}

static void say(const char *what)
{
	ck_assert_int_eq(send(peer, what, strlen(what), MSG_NOSIGNAL), (ssize_t)strlen(what));
	turn(base);
}

static void hang_up(void)
{
	close(peer);
	turn(base);
}

static void reset(void)
{
	struct linger now = {.l_onoff = 1};

	setsockopt(peer, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	hang_up();
}

static void hear(const char *expected)
{
	char got[4096] = "";
	ssize_t len = recv(peer, got, sizeof(got) - 1, 0);

	ck_assert_int_ge(len, 0);
	ck_assert_str_eq(got, expected);
}

static bool has_left(void)
{
	char byte;

	return recv(peer, &byte, 1, MSG_PEEK) == 0 || errno == ECONNRESET;
}

static void make(void)
{
	base = loop_new();
	defer = defer_new(base);
	deadlines = deadlines_new(base, TIMEOUT_MS);
	settings = (struct upstream_settings){.base = base,
	                                      .deadlines = deadlines,
	                                      .defer = defer,
	                                      .priority = LOOP_CLIENTS,
	                                      .connect_timeout_ms = 10000};
	memset(&reader, 0, sizeof(reader));
	memset(&pulse, 0, sizeof(pulse));
	pool = upstream_pool_new(&pulse);
	listen_tcp();
}

static void clear(void)
{
	upstream_pool_close(pool);
	turn(base);
	deadlines_free(deadlines);
	defer_free(defer);
	event_base_free(base);
}

/* A request was sent on a new connection, and arrived. */
static void open_request(enum http_method method)
{
	ask(&reader, method, GET, "");
	let_in();
	hear(GET);
}

static void check_done(int status, const char *body)
{
	ck_assert_int_eq(reader.failed, 0);
	ck_assert_int_eq(reader.done, 1);
	ck_assert_int_ge(reader.head_count, 1);
	ck_assert_int_eq(reader.heads[reader.head_count - 1], status);
	ck_assert_uint_eq(reader.body_len, strlen(body));
	ck_assert(memcmp(reader.body, body, reader.body_len) == 0);
}

static void check_failed(enum upstream_failure failure, bool untouched)
{
	ck_assert_int_eq(reader.done, 0);
	ck_assert_int_eq(reader.failed, 1);
	ck_assert_int_eq(reader.failure, failure);
	ck_assert_int_eq(reader.untouched, untouched);
}

/* The next request goes over the same connection. */
static void check_kept(void)
{
	ask(&reader, HTTP_GET, GET, "");
	turn(base);
	ck_assert_int_eq(accept(listening, NULL, NULL), -1);
	hear(GET);
}

static void check_not_kept(void)
{
	ask(&reader, HTTP_GET, GET, "");
	turn(base);
	ck_assert(has_left());
	close(peer);
	let_in();
	hear(GET);
}

/* --- replies --------------------------------------------------------------------------------------------------- */

START_TEST(a_reply_and_the_connection_is_kept)
{
	open_request(HTTP_GET);
	say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
	check_done(200, "hello");
	check_kept();
	say("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
	check_done(404, "");
	check_kept();
}
END_TEST

START_TEST(a_reply_in_pieces)
{
	static const char *whole = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

	open_request(HTTP_GET);
	for (const char *at = whole; *at != '\0'; at++) {
		ck_assert_int_eq(reader.done, 0);
		say((char[2]){*at, '\0'});
	}
	check_done(200, "hello");
	check_kept();
}
END_TEST

START_TEST(a_chunked_reply)
{
	open_request(HTTP_GET);
	say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel");
	say("lo\r\n6\r\n world\r\n0\r\nDigest: x\r\n\r");
	ck_assert_int_eq(reader.done, 0);
	say("\n");
	check_done(200, "hello world");
	ck_assert_str_eq(reader.trailers, "Digest: x\r\n");
	check_kept();
	say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n");
	check_done(200, "a");
	ck_assert_str_eq(reader.trailers, "");
}
END_TEST

START_TEST(a_reply_that_the_end_ends)
{
	open_request(HTTP_GET);
	say("HTTP/1.1 200 OK\r\n\r\nall ");
	say("of it");
	ck_assert_int_eq(reader.done, 0);
	hang_up();
	check_done(200, "all of it");
}
END_TEST

START_TEST(a_reply_that_the_end_ends_and_that_is_reset)
{
	open_request(HTTP_GET);
	say("HTTP/1.1 200 OK\r\n\r\nall ");
	reset();
	check_failed(UPSTREAM_CUT, false);
	ck_assert_int_eq(reader.error, ECONNRESET);
}
END_TEST

START_TEST(a_reply_that_closes)
{
	open_request(HTTP_GET);
	say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
	check_done(200, "ok");
	check_not_kept();
}
END_TEST

START_TEST(replies_without_a_body)
{
	static const struct {
		enum http_method method;
		const char *reply;
		int status;
	} cases[] = {
	        {HTTP_HEAD_METHOD, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", 200},
	        {HTTP_HEAD_METHOD, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200},
	        {HTTP_GET, "HTTP/1.1 204 No Content\r\n\r\n", 204},
	        {HTTP_GET, "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n", 304},
	};

	open_request(cases[0].method);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		say(cases[i].reply);
		check_done(cases[i].status, "");
		if (i + 1 < sizeof(cases) / sizeof(cases[0])) {
			ask(&reader, cases[i + 1].method, GET, "");
			turn(base);
			hear(GET);
		}
	}
}
END_TEST

/* Some send one all the same: it must not be the next request's reply. */
START_TEST(a_body_where_none_may_be)
{
	open_request(HTTP_HEAD_METHOD);
	say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
	check_done(200, "");
	ck_assert_int_eq(send(peer, "hello", 5, 0), 5);
	poll(NULL, 0, 5);
	check_not_kept(); /* before the loop has heard of the bytes */
	ck_assert_int_eq(reader.failed, 0);
}
END_TEST

START_TEST(more_body_than_promised)
{
	open_request(HTTP_GET);
	say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 Smuggled\r\n\r\n");
	check_done(200, "ok");
	check_not_kept();
	ck_assert_int_eq(reader.head_count, 0);
}
END_TEST

START_TEST(more_body_than_promised_later)
{
	open_request(HTTP_GET);
	say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	check_done(200, "ok");
	say("and more");
	ck_assert_int_eq(reader.done + reader.failed, 1);
	check_not_kept();
}
END_TEST

START_TEST(interim_replies)
{
	open_request(HTTP_GET);
	say("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
	    "1\r\n\r\na");
	check_done(200, "a");
	ck_assert_int_eq(reader.head_count, 3);
	ck_assert_int_eq(reader.heads[0], 100);
	ck_assert_int_eq(reader.heads[1], 103);
	check_kept();
}
END_TEST

START_TEST(too_many_interim_replies)
{
	open_request(HTTP_GET);
	for (int i = 0; i < 33; i++)
		say("HTTP/1.1 100 Continue\r\n\r\n");
	check_failed(UPSTREAM_MALFORMED, false);
	ck_assert_ptr_nonnull(strstr(reader.broke, "interim"));
	ck_assert_int_eq(reader.fault, HTTP_FAULT_NONE);
}
END_TEST

/* More than is read in one turn, and nothing comes behind it. */
START_TEST(a_long_reply)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n";
	char *body = malloc(BODY_MAX);
	size_t sent = 0;

	memset(body, 'b', BODY_MAX);
	open_request(HTTP_GET);
	ck_assert_int_eq(send(peer, head, sizeof(head) - 1, 0), (ssize_t)sizeof(head) - 1);
	for (int i = 0; i < 10000 && reader.done == 0; i++) {
		ssize_t put = send(peer, body, BODY_MAX - sent, MSG_NOSIGNAL);
		sent += put > 0 ? (size_t)put : 0;
		turn(base);
	}
	ck_assert_int_eq(reader.done, 1);
	ck_assert_uint_eq(reader.body_len, BODY_MAX);
	free(body);
}
END_TEST

/* The request is not written whole. */
START_TEST(an_early_reply)
{
	char *body = malloc(BODY_MAX + 1);

	memset(body, 'b', BODY_MAX);
	body[BODY_MAX] = '\0';
	ask(&reader, HTTP_POST, "POST / HTTP/1.1\r\nHost: acts\r\nContent-Length: 10000000\r\n\r\n", body);
	let_in();
	ck_assert(!upstream_is_sent(reader.upstream));
	say("HTTP/1.1 413 No\r\nContent-Length: 4\r\n\r\nlong");
	check_done(413, "long");
	ask(&reader, HTTP_GET, GET, "");
	let_in();
	hear(GET);
	free(body);
}
END_TEST

START_TEST(an_early_reply_behind_which_the_server_closes)
{
	char *body = malloc(BODY_MAX + 1);

	memset(body, 'b', BODY_MAX);
	body[BODY_MAX] = '\0';
	ask(&reader, HTTP_POST, "POST / HTTP/1.1\r\nHost: acts\r\nContent-Length: 10000000\r\n\r\n", body);
	let_in();
	ck_assert_int_gt(send(peer, "HTTP/1.1 413 No\r\nContent-Length: 4\r\n\r\nlong", 43, 0), 0);
	shutdown(peer, SHUT_RDWR);
	turn(base);
	check_done(413, "long");
	free(body);
}
END_TEST

START_TEST(a_long_request_is_written_whole)
{
	char *body = malloc(BODY_MAX + 1);
	size_t len = 0;
	ssize_t got;

	memset(body, 'b', BODY_MAX);
	body[BODY_MAX] = '\0';
	ask(&reader, HTTP_POST, GET, body);
	let_in();
	for (int i = 0; i < 10000 && len < strlen(GET) + BODY_MAX; i++) {
		while ((got = recv(peer, body, BODY_MAX, 0)) > 0)
			len += (size_t)got;
		event_base_loop(base, EVLOOP_NONBLOCK);
	}
	ck_assert_uint_eq(len, strlen(GET) + BODY_MAX);
	ck_assert(upstream_is_sent(reader.upstream));
	say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	check_done(200, "");
	check_kept();
	free(body);
}
END_TEST

START_TEST(the_next_request_from_the_end_of_the_last)
{
	open_request(HTTP_GET);
	reader.again_when_done = true;
	say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	reader.again_when_done = false;
	ck_assert_int_eq(reader.done, 0);
	hear(GET);
	say("HTTP/1.1 201 OK\r\nContent-Length: 0\r\n\r\n");
	check_done(201, "");
}
END_TEST

/* --- failures -------------------------------------------------------------------------------------------------- */

START_TEST(refused)
{
	close(listening);
	ask(&reader, HTTP_GET, GET, "");
	turn(base);
	check_failed(UPSTREAM_CONNECT, true);
	ck_assert_int_eq(reader.error, ECONNREFUSED);
}
END_TEST

START_TEST(no_such_socket)
{
	ck_assert(address_of_path("/nowhere/at/all", &address));
	ask(&reader, HTTP_GET, GET, "");
	turn(base);
	check_failed(UPSTREAM_CONNECT, true);
	ck_assert_int_eq(reader.error, ENOENT);
}
END_TEST

START_TEST(no_descriptor)
{
	struct rlimit before, none = {3, 3};

	getrlimit(RLIMIT_NOFILE, &before);
	none.rlim_max = before.rlim_max;
	setrlimit(RLIMIT_NOFILE, &none);
	ask(&reader, HTTP_GET, GET, "");
	setrlimit(RLIMIT_NOFILE, &before);
	turn(base);
	check_failed(UPSTREAM_LOCAL, true);
	ck_assert_int_eq(reader.error, EMFILE);
}
END_TEST

/* Its backlog is full: no failure, and no spinning, but another try in a moment. */
START_TEST(a_full_unix_backlog)
{
	char path[64];
	struct reader first = {0}, second = {0};

	snprintf(path, sizeof(path), "/tmp/test_upstream.%d", getpid());
	unlink(path);
	ck_assert(address_of_path(path, &address));
	listening = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(bind(listening, (struct sockaddr *)&address.addr, address.len), 0);
	ck_assert_int_eq(listen(listening, 0), 0);
	ask(&first, HTTP_GET, GET, "");
	ask(&second, HTTP_GET, GET, "");
	ask(&reader, HTTP_GET, GET, "");
	turn(base);
	ck_assert_int_eq(first.failed + second.failed + reader.failed, 0);
	for (int i = 0; i < 3; i++) {
		let_in();
		say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	}
	unlink(path);
	ck_assert_int_eq(first.done + second.done + reader.done, 3);
}
END_TEST

START_TEST(reset_before_the_first_byte)
{
	open_request(HTTP_GET);
	reset();
	check_failed(UPSTREAM_BROKEN, false);
	ck_assert_int_eq(reader.error, ECONNRESET);
	ck_assert_str_eq(reader.begun, "");
}
END_TEST

START_TEST(closed_before_the_first_byte)
{
	open_request(HTTP_GET);
	hang_up();
	check_failed(UPSTREAM_BROKEN, false);
	ck_assert_int_eq(reader.error, 0);
}
END_TEST

START_TEST(closed_within_the_head)
{
	open_request(HTTP_GET);
	say("HTTP/1.1 20");
	ck_assert_int_eq(upstream_begun(reader.upstream).len, 11);
	hang_up();
	check_failed(UPSTREAM_BROKEN, false);
	ck_assert_str_eq(reader.begun, "HTTP/1.1 20");
}
END_TEST

START_TEST(reset_behind_the_first_byte)
{
	open_request(HTTP_GET);
	say("H");
	reset();
	check_failed(UPSTREAM_BROKEN, false);
	ck_assert_int_eq(reader.error, ECONNRESET);
}
END_TEST

START_TEST(cut_within_the_body)
{
	open_request(HTTP_GET);
	say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
	hang_up();
	check_failed(UPSTREAM_CUT, false);
	ck_assert_ptr_nonnull(strstr(reader.broke, "before its body was whole"));
	ck_assert_uint_eq(reader.body_len, 3);
}
END_TEST

START_TEST(cut_within_the_chunks)
{
	open_request(HTTP_GET);
	say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
	hang_up();
	check_failed(UPSTREAM_CUT, false);
}
END_TEST

START_TEST(no_reply_at_all)
{
	open_request(HTTP_GET);
	say("SSH-2.0-OpenSSH_9.2\r\n\r\n");
	check_failed(UPSTREAM_MALFORMED, false);
	ck_assert_str_ne(reader.broke, "");
	ck_assert_int_ne(reader.fault, HTTP_FAULT_NONE);
	ck_assert_ptr_nonnull(strstr(reader.begun, "SSH-2.0"));
}
END_TEST

START_TEST(a_bad_chunk)
{
	open_request(HTTP_GET);
	say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
	check_failed(UPSTREAM_CUT, false);
	ck_assert_str_ne(reader.broke, "");
}
END_TEST

START_TEST(a_head_without_end)
{
	open_request(HTTP_GET);
	say("HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 200 && reader.failed == 0; i++) {
		static char field[1024];
		memset(field, 'x', sizeof(field));
		memcpy(field, "X: ", 3);
		memcpy(field + sizeof(field) - 3, "\r\n", 3);
		say(field);
	}
	check_failed(UPSTREAM_MALFORMED, false);
	ck_assert_int_eq(reader.fault, HTTP_FAULT_HEAD_LONG);
}
END_TEST

START_TEST(a_hang)
{
	request.response_timeout_ms = TIMEOUT_MS;
	open_request(HTTP_GET);
	turn_for(base, 3 * TIMEOUT_MS);
	check_failed(UPSTREAM_TIMEOUT, false);
	ck_assert(has_left());
}
END_TEST

START_TEST(a_hang_within_the_body)
{
	request.response_timeout_ms = 12 * TIMEOUT_MS;
	open_request(HTTP_GET);
	say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
	for (int i = 0; i < 6; i++) {
		turn_for(base, 3 * TIMEOUT_MS);
		say("b"); /* a drip is progress */
	}
	ck_assert_int_eq(reader.failed, 0);
	turn_for(base, 16 * TIMEOUT_MS);
	check_failed(UPSTREAM_TIMEOUT, false);
}
END_TEST

/* A head has one deadline, however slowly its bytes drip in. */
START_TEST(a_head_that_drips)
{
	request.response_timeout_ms = 2 * TIMEOUT_MS;
	open_request(HTTP_GET);
	say("HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 8 && reader.failed == 0; i++) {
		turn_for(base, TIMEOUT_MS / 2);
		if (reader.failed == 0)
			say("X");
	}
	check_failed(UPSTREAM_TIMEOUT, false);
}
END_TEST

START_TEST(no_timeout_while_paused)
{
	request.response_timeout_ms = 12 * TIMEOUT_MS;
	open_request(HTTP_GET);
	reader.pause_at_head = true;
	say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
	ck_assert(!upstream_pool_is_unread(pool));
	say("hello");
	ck_assert_uint_eq(reader.body_len, 0);
	ck_assert(upstream_pool_is_unread(pool));
	turn_for(base, 16 * TIMEOUT_MS);
	ck_assert_int_eq(reader.failed, 0);
	upstream_resume(reader.upstream);
	ck_assert(!upstream_pool_is_unread(pool));
	turn(base);
	check_done(200, "hello");
}
END_TEST

/* --- connections that are kept --------------------------------------------------------------------------------- */

static void keep_one(void)
{
	open_request(HTTP_GET);
	say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	check_done(200, "");
}

START_TEST(an_idle_one_that_is_closed)
{
	keep_one();
	hang_up();
	ask(&reader, HTTP_GET, GET, "");
	let_in();
	hear(GET);
	ck_assert_int_eq(reader.failed, 0);
}
END_TEST

/* The loop has not heard of the end when the request is sent. */
START_TEST(a_stale_one)
{
	keep_one();
	close(peer);
	poll(NULL, 0, 5);
	ask(&reader, HTTP_GET, GET, "");
	turn(base);
	check_failed(UPSTREAM_STALE, false);
}
END_TEST

/* What cannot be sent again is not sent over a connection that was not looked at. */
START_TEST(a_stale_one_is_no_post_s)
{
	keep_one();
	close(peer);
	poll(NULL, 0, 5);
	ask(&reader, HTTP_POST, GET, "");
	let_in();
	hear(GET);
	ck_assert_int_eq(reader.failed, 0);
}
END_TEST

START_TEST(one_that_was_idle_for_long_is_looked_at)
{
	keep_one();
	turn_for(base, 120);
	close(peer);
	poll(NULL, 0, 5);
	ask(&reader, HTTP_GET, GET, "");
	let_in();
	ck_assert_int_eq(reader.failed, 0);
}
END_TEST

START_TEST(a_reused_one_that_breaks_behind_the_first_byte_is_not_stale)
{
	keep_one();
	ask(&reader, HTTP_GET, GET, "");
	turn(base);
	hear(GET);
	say("H");
	hang_up();
	check_failed(UPSTREAM_BROKEN, false);
}
END_TEST

START_TEST(a_fresh_one_if_asked_for)
{
	keep_one();
	request.fresh = true;
	ask(&reader, HTTP_GET, GET, "");
	let_in();
	hear(GET);
}
END_TEST

START_TEST(a_paused_one_is_kept_awake)
{
	open_request(HTTP_GET);
	reader.pause_at_head = true;
	say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	check_done(200, "");
	reader.pause_at_head = false;
	check_kept();
	say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	check_done(200, "");
}
END_TEST

START_TEST(idle_ones_are_closed)
{
	keep_one();
	upstream_pool_close_idle(pool);
	ck_assert(has_left());
	upstream_pool_close_idle(NULL);
}
END_TEST

START_TEST(without_a_pool)
{
	upstream_pool_close(pool);
	pool = NULL;
	open_request(HTTP_GET);
	say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	check_done(200, "");
	ck_assert(has_left());
}
END_TEST

START_TEST(a_pool_is_closed)
{
	struct reader idle = {0};

	ask(&idle, HTTP_GET, GET, "");
	let_in();
	int of_idle = peer;
	open_request(HTTP_GET);
	int of_busy = peer;
	peer = of_idle;
	hear(GET);
	say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	ck_assert_int_eq(idle.done, 1);
	upstream_pool_close(pool);
	pool = NULL;
	ck_assert(has_left());
	ck_assert_int_eq(reader.failed, 0); /* later */
	turn(base);
	check_failed(UPSTREAM_DOWN, false);
	peer = of_busy;
	ck_assert(has_left());
	upstream_pool_close(NULL);
}
END_TEST

/* --- the rest -------------------------------------------------------------------------------------------------- */

START_TEST(cancelled)
{
	open_request(HTTP_GET);
	upstream_cancel(reader.upstream);
	ck_assert(has_left());
	turn(base);
	ck_assert_int_eq(reader.done + reader.failed, 0);
	open_request(HTTP_GET);
	reader.cancel_at_head = true;
	say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	ck_assert_int_eq(reader.head_count, 1);
	ck_assert_uint_eq(reader.body_len, 0);
	ck_assert_int_eq(reader.done + reader.failed, 0);
}
END_TEST

START_TEST(cancelled_before_it_failed)
{
	close(listening);
	ask(&reader, HTTP_GET, GET, "");
	upstream_cancel(reader.upstream);
	turn(base);
	ck_assert_int_eq(reader.done + reader.failed, 0);
}
END_TEST

START_TEST(the_protocol_is_changed)
{
	open_request(HTTP_GET);
	reader.pause_at_head = true;
	say("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nfirst");
	ck_assert_int_eq(reader.heads[0], 101);
	ck_assert_uint_eq(reader.body_len, 5);
	ck_assert_int_eq(reader.done, 1);
}
END_TEST

START_TEST(the_pulse_is_told)
{
	ask(&reader, HTTP_GET, GET, "");
	ck_assert_uint_eq(pulse.waiting, 1);
	let_in();
	hear(GET);
	int64_t heard_us = pulse.heard_us;
	say("H");
	ck_assert_uint_eq(pulse.waiting, 0);
	ck_assert_int_gt(pulse.heard_us, heard_us);
	ck_assert_int_gt(pulse.usual_us, 0);
	hang_up();
	open_request(HTTP_GET);
	ck_assert_uint_eq(pulse.waiting, 1);
	upstream_cancel(reader.upstream);
	ck_assert_uint_eq(pulse.waiting, 0);
}
END_TEST

START_TEST(a_missed_probe_is_told_to_who_waits)
{
	open_request(HTTP_GET);
	upstream_pool_tell_missed(pool);
	ck_assert_int_eq(reader.missed, 1);
	say("H");
	upstream_pool_tell_missed(pool);
	ck_assert_int_eq(reader.missed, 1);
	upstream_pool_tell_missed(NULL);
}
END_TEST

UNIT_MAIN_WITH("upstream", make, clear, a_reply_and_the_connection_is_kept, a_reply_in_pieces, a_chunked_reply,
               a_reply_that_the_end_ends, a_reply_that_the_end_ends_and_that_is_reset, a_reply_that_closes,
               replies_without_a_body, a_body_where_none_may_be, more_body_than_promised, more_body_than_promised_later,
               interim_replies, too_many_interim_replies, a_long_reply, an_early_reply,
               an_early_reply_behind_which_the_server_closes, a_long_request_is_written_whole,
               the_next_request_from_the_end_of_the_last, refused, no_such_socket, no_descriptor, a_full_unix_backlog,
               reset_before_the_first_byte, closed_before_the_first_byte, closed_within_the_head,
               reset_behind_the_first_byte, cut_within_the_body, cut_within_the_chunks, no_reply_at_all, a_bad_chunk,
               a_head_without_end, a_hang, a_hang_within_the_body, a_head_that_drips, no_timeout_while_paused,
               an_idle_one_that_is_closed, a_stale_one, a_stale_one_is_no_post_s,
               one_that_was_idle_for_long_is_looked_at, a_reused_one_that_breaks_behind_the_first_byte_is_not_stale,
               a_fresh_one_if_asked_for, a_paused_one_is_kept_awake, idle_ones_are_closed, without_a_pool,
               a_pool_is_closed, cancelled, cancelled_before_it_failed, the_protocol_is_changed, the_pulse_is_told,
               a_missed_probe_is_told_to_who_waits)
