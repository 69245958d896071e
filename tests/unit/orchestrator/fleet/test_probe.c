/* One probe against peers that answer in every way. */
#include "common/log.h"
#include "common/mem.h"
#include "tests/unit/orchestrator/fleet/fleet_bench.h"
#include "orchestrator/fleet/probe.h"
#include "orchestrator/base/timer.h"

#include "tests/unit/unit.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static struct fleet_bench bench;
static struct address address;
static int listener;
static const char *reply; /* what the peer says; NULL = nothing */
static size_t reply_len;
static bool hang_up; /* and closes then */
static size_t cut;   /* pause after so many bytes; 0 = none */
static int peer;
static char request[1024];
static size_t request_len;
static struct event *asking;
static struct timer *rest;
static bool done;
static enum probe_outcome outcome;
static char saw[PROBE_TEXT_SIZE];
static bool unreachable;

static void setup(void)
{
	char dir[128];

	bench_open(&bench);
	snprintf(dir, sizeof(dir), "%s/a", bench.dir);
	ck_assert_int_eq(mkdir(dir, 0700), 0);
	ck_assert(socket_dir_address(dir, &address));
	listener = -1;
	peer = -1;
	hang_up = false;
	cut = 0;
	done = false;
}

static void teardown(void)
{
	if (listener != -1)
		close(listener);
	if (peer != -1)
		close(peer);
	fake_engine_free(bench.engine);
	bench_close(&bench);
}

static void on_done(const struct probe_finding *finding, void *arg)
{
	ck_assert(!done);
	ck_assert_ptr_eq(arg, &done);
	ck_assert_int_ge(finding->took_us, 0);
	ck_assert_int_eq(finding->text[0] == '\0', finding->outcome == PROBE_GOOD);
	outcome = finding->outcome;
	unreachable = finding->unreachable;
	snprintf(saw, sizeof(saw), "%s", finding->text);
	done = true;
}

static void check_saw(const char *text)
{
	ck_assert_str_eq(saw, text);
}

static void say_rest(void *arg)
{
	(void)arg;
	if (reply != NULL)
		ck_assert_int_ge(send(peer, reply + cut, reply_len - cut, MSG_NOSIGNAL), 0);
	if (hang_up) {
		event_del(asking);
		close(peer);
		peer = -1;
	}
}

static void on_request(evutil_socket_t fd, short what, void *arg)
{
	ssize_t n = recv(fd, request + request_len, sizeof(request) - 1 - request_len, 0);

	(void)what;
	(void)arg;
	if (n <= 0) {
		event_del(asking);
		return;
	}
	request_len += (size_t)n;
	if (strstr(request, "\r\n\r\n") == NULL)
		return;
	ck_assert_ptr_eq(strstr(request, "GET /health HTTP/1.1\r\nHost: acts\r\nConnection: close\r\n"), request);
	if (cut > 0)
		ck_assert_int_eq(send(peer, reply, cut, 0), (ssize_t)cut);
	timer_set(rest, cut > 0 ? 2000 : 0);
}

static void on_accept(evutil_socket_t fd, short what, void *arg)
{
	(void)what;
	(void)arg;
	peer = accept(fd, NULL, NULL);
	memset(request, 0, sizeof(request));
	request_len = 0;
	asking = event_new(bench.base, peer, EV_READ | EV_PERSIST, on_request, NULL);
	event_add(asking, NULL);
}

static const char *asked = "";

static struct probe *begin(const char *path, int timeout_ms)
{
	const struct probe_question question = {
	        .address = &address, .host = "acts", .path = path, .identity = asked, .timeout_ms = timeout_ms};

	return probe_start(bench.base, &question, on_done, &done);
}

static bool is_done(void *arg)
{
	(void)arg;
	return done;
}

static void listen_on_it(void)
{
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address.addr, address.len), 0);
	ck_assert_int_eq(listen(listener, 0), 0);
}

static void ask(const char *text, enum probe_outcome wanted)
{
	struct event *accepting;
	char *path;

	if (listener == -1)
		listen_on_it();
	reply = text;
	reply_len = text == NULL ? 0 : strlen(text);
	done = false;
	rest = timer_new(bench.base, say_rest, NULL);
	accepting = event_new(bench.base, listener, EV_READ, on_accept, NULL);
	event_add(accepting, NULL);
	path = mem_dup("/health");
	begin(path, 100);
	free(path); /* as a reload does */
	ck_assert(!done);
	ck_assert(bench_until(&bench, is_done, NULL, 2000));
	event_free(accepting);
	event_free(asking);
	timer_free(rest);
	ck_assert_msg(outcome == wanted, "%s instead of %s", probe_outcome_text(outcome), probe_outcome_text(wanted));
	if (peer != -1)
		close(peer);
	peer = -1;
}

START_TEST(statuses)
{
	ask("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", PROBE_GOOD);
	ask("HTTP/1.1 204 No Content\r\n\r\n", PROBE_GOOD);
	ask("HTTP/1.0 302 Found\r\nLocation: /\r\n\r\n", PROBE_GOOD);
	ask("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", PROBE_ODD_STATUS);
	check_saw("status 404 on /health");
	ask("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", PROBE_BAD_STATUS);
	check_saw("status 503 on /health");
	ask("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", PROBE_BAD_STATUS);
}
END_TEST

/* A program that does not say who it is is taken at its address's word. */
START_TEST(who_answers)
{
	asked = "0123456789abcdef0123";
	ask("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", PROBE_GOOD);
	ask("HTTP/1.1 200 OK\r\nselfless-id: 0123456789abcdef0123\r\nContent-Length: 0\r\n\r\n", PROBE_GOOD);
	ask("HTTP/1.1 200 OK\r\nSelfless-Id: 0123456789abcdef0124\r\nContent-Length: 0\r\n\r\n", PROBE_STRANGER);
	check_saw("another container answers there: 0123456789ab... instead of 0123456789abcde");
	ask("HTTP/1.1 500 No\r\nSelfless-Id: x\r\nContent-Length: 0\r\n\r\n", PROBE_STRANGER);
	asked = "";
	ask("HTTP/1.1 200 OK\r\nSelfless-Id: x\r\nContent-Length: 0\r\n\r\n", PROBE_GOOD);
}
END_TEST

START_TEST(split_anywhere)
{
	static const char text[] = "HTTP/1.1 103 Hints\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

	for (cut = 1; cut < sizeof(text) - 1; cut += 7)
		ask(text, PROBE_GOOD);
}
END_TEST

START_TEST(malformed)
{
	static char long_head[70000];

	ask("SSH-2.0-OpenSSH\r\n\r\n", PROBE_MALFORMED);
	check_saw("malformed reply \"SSH-2.0-OpenSSH\": malformed first line");
	ask("\x15\x03\"\\\x7f\r\n\r\n", PROBE_MALFORMED);
	check_saw("malformed reply \"\\x15\\x03\\x22\\x5c\\x7f\": malformed first line");
	ask("HTTP/1.1 abc\r\n\r\n", PROBE_MALFORMED);
	memset(long_head, 'a', sizeof(long_head) - 1);
	memcpy(long_head, "HTTP/1.1 200 OK\r\nX: ", 20);
	ask(long_head, PROBE_MALFORMED);
	check_saw("malformed reply \"HTTP/1.1 200 OK\": header too large");
	memset(long_head, '\x01', 200);
	memcpy(long_head + 200, "\r\n\r\n", 5);
	ask(long_head, PROBE_MALFORMED);
	ck_assert_uint_lt(strlen(saw), 200);
	ck_assert_ptr_nonnull(strstr(saw, "\\x01...\": malformed first line"));
}
END_TEST

START_TEST(closed_too_early)
{
	hang_up = true;
	ask("", PROBE_RESET);
	ck_assert_ptr_eq(strstr(saw, "connection closed before a reply by unix:/"), saw);
	ask("HTTP/1.1 200 OK\r\nContent-", PROBE_RESET);
	check_saw("connection closed within a reply that begins with \"HTTP/1.1 200 OK\"");
}
END_TEST

START_TEST(says_nothing)
{
	ask(NULL, PROBE_TIMEOUT);
	check_saw("no answer within 100 ms");
	ck_assert(!unreachable);
	ask("HTTP/1.1 200", PROBE_TIMEOUT);
	check_saw("no whole reply within 100 ms, only \"HTTP/1.1 200\"");
}
END_TEST

static void ask_only(enum probe_outcome wanted)
{
	done = false;
	begin("/health", 100);
	ck_assert(!done);
	ck_assert(bench_until(&bench, is_done, NULL, 2000));
	ck_assert_msg(outcome == wanted, "%s instead of %s", probe_outcome_text(outcome), probe_outcome_text(wanted));
}

/* Its queue is full, so that the kernel there says nothing: as of a host that is gone. */
START_TEST(no_word_at_all)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);
	int fillers[8];

	listener = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert(bind(listener, (struct sockaddr *)&in, sizeof(in)) == 0 && listen(listener, 0) == 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&in, &len), 0);
	memset(&address, 0, sizeof(address));
	memcpy(&address.addr, &in, sizeof(in));
	address.len = sizeof(in);
	for (size_t i = 0; i < sizeof(fillers) / sizeof(fillers[0]); i++) {
		fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		ck_assert(connect(fillers[i], (struct sockaddr *)&in, sizeof(in)) == 0 || errno == EINPROGRESS);
	}
	ask_only(PROBE_TIMEOUT);
	ck_assert_msg(strstr(saw, "no connection to 127.0.0.1:") == saw, "%s", saw);
	ck_assert(unreachable);
	for (size_t i = 0; i < sizeof(fillers) / sizeof(fillers[0]); i++)
		close(fillers[i]);
	close(listener);
	listener = -1;
	ask_only(PROBE_REFUSED);
	ck_assert(!unreachable); /* its host says so */
}
END_TEST

START_TEST(refused)
{
	char text[192], where[ADDRESS_TEXT_SIZE];

	ask_only(PROBE_REFUSED); /* no such socket */
	ck_assert_ptr_eq(strstr(saw, "there is no socket yet at unix:/"), saw);
	listen_on_it();
	close(listener);
	listener = -1;
	ask_only(PROBE_REFUSED); /* nobody behind it */
	ck_assert_ptr_eq(strstr(saw, "connection refused at unix:/"), saw);
	ck_assert(address_of_host("127.0.0.1", bench_free_port(), &address));
	ask_only(PROBE_REFUSED);
	address_format(&address, where);
	snprintf(text, sizeof(text), "connection refused at %s", where);
	check_saw(text);
}
END_TEST

/* A full queue is no refusal: it is waited for. */
START_TEST(queue_full)
{
	int fd[8];

	listen_on_it();
	for (int i = 0; i < 8; i++) {
		fd[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)!connect(fd[i], (struct sockaddr *)&address.addr, address.len);
	}
	ask_only(PROBE_TIMEOUT);
	ck_assert_ptr_eq(strstr(saw, "no connection to unix:/"), saw);
	for (int i = 0; i < 8; i++)
		close(fd[i]);
}
END_TEST

START_TEST(no_descriptor_left)
{
	struct rlimit old, few;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
	few = old;
	few.rlim_cur = 3;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	ask_only(PROBE_UNABLE);
	check_saw("this host could not ask: Too many open files");
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
}
END_TEST

/* 101: nobody asked for another protocol. */
START_TEST(odd_replies)
{
	ask("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", PROBE_ODD_STATUS);
	check_saw("status 101 on /health");
	static char interims[40 * 25 + 1];
	for (int i = 0; i < 40; i++)
		memcpy(interims + 25 * i, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	ask(interims, PROBE_MALFORMED);
	check_saw("the reply follows more interim replies (1xx) than anybody needs");
}
END_TEST

static void cut_off(bool within)
{
	struct linger reset = {.l_onoff = 1};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert(address_of_host("127.0.0.1", bench_free_port(), &address));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address.addr, address.len), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	done = false;
	begin("/health", 1000);
	bench_run(&bench, 20);
	peer = accept(fd, NULL, NULL);
	if (within)
		ck_assert_int_eq(send(peer, "HTTP/1.1 2", 10, 0), 10);
	bench_run(&bench, 20);
	setsockopt(peer, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(peer);
	peer = -1;
	ck_assert(bench_until(&bench, is_done, NULL, 2000));
	ck_assert_int_eq(outcome, PROBE_RESET);
	close(fd);
}

START_TEST(reset_by_peer)
{
	cut_off(false);
	ck_assert_ptr_eq(strstr(saw, "connection reset before a reply by 127.0.0.1:"), saw);
	cut_off(true);
	check_saw("connection reset within a reply that begins with \"HTTP/1.1 2\"");
}
END_TEST

START_TEST(hastened)
{
	listen_on_it();
	done = false;
	struct probe *probe = begin("/health", 5000);
	probe_hasten(probe, 50);
	probe_hasten(probe, 10000);
	ck_assert(bench_until(&bench, is_done, NULL, 1000));
	ck_assert_int_eq(outcome, PROBE_TIMEOUT);
	ck_assert_msg(strncmp(saw, "no answer within ", 17) == 0 && strtol(saw + 17, NULL, 10) >= 50 &&
	                      strtol(saw + 17, NULL, 10) < 1000,
	              "%s", saw);
}
END_TEST

START_TEST(cancelled)
{
	listen_on_it();
	probe_cancel(begin("/health", 100));
	close(listener);
	listener = -1;
	probe_cancel(begin("/health", 100));
	bench_run(&bench, 20);
	ck_assert(!done);
}
END_TEST

/* Each outcome has its words; what becomes of one that fails has a reason. */
START_TEST(outcomes)
{
	for (int i = 0; i < PROBE_OUTCOMES_COUNT; i++) {
		enum probe_outcome one = (enum probe_outcome)i;
		bool says = probe_outcome_kind(one) != PROBE_OURS;

		ck_assert_str_ne(probe_outcome_text(one), "");
		ck_assert_int_eq(says, probe_outcome_reason(one) != REASON_NONE);
		ck_assert_int_eq(says && one != PROBE_GOOD, probe_outcome_hint(one, false)[0] != '\0');
		ck_assert_int_eq(says && one != PROBE_GOOD, probe_outcome_hint(one, true)[0] != '\0');
	}
	ck_assert_ptr_nonnull(strstr(probe_outcome_hint(PROBE_REFUSED, false), "0.0.0.0"));
	ck_assert_ptr_nonnull(strstr(probe_outcome_hint(PROBE_REFUSED, true), "unix socket"));
}
END_TEST

UNIT_MAIN_WITH("probe", setup, teardown, statuses, who_answers, split_anywhere, malformed, closed_too_early,
               says_nothing, no_word_at_all, refused, queue_full, no_descriptor_left, odd_replies, reset_by_peer,
               hastened, cancelled, outcomes)
