/* http1 on conn: requests come out one after the other and whole, replies are framed for who asked, nobody waits for ever. */
#include "orchestrator/proxy/http1.h"

#include "common/clock.h"
#include "orchestrator/base/loop.h"
#include "orchestrator/config/config_file.h"
#include "orchestrator/proxy/conn.h"
#include "orchestrator/proxy/conns.h"
#include "orchestrator/proxy/problem.h"
#include "orchestrator/proxy/turn.h"
#include "tests/unit/orchestrator/wire/pairs.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#define GET "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
#define POST "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nDate: x\r\n\r\n"
#define LONG "HTTP/1.1 200 OK\r\nDate: x\r\n\r\n" /* ends with the connection */

static struct event_base *base;
static struct defer *defer;
static struct deadlines *deadlines;
static struct config *config;
static struct conns *conns;
static int client;       /* the test's end */
static struct turn *now; /* in work; NULL: none */
static int64_t idle_ms;  /* for a client that does not read */
static unsigned requests, refused, gone, drained, ended_sides, left;
static char refused_target[64], tunnelled[64];

static void on_request(struct turn *turn, void *arg)
{
	(void)arg;
	ck_assert_ptr_null(now);
	now = turn;
	requests++;
}

static void on_refused(const struct conns_refused *what, void *arg)
{
	(void)arg;
	refused++;
	snprintf(refused_target, sizeof(refused_target), "%.*s %.*s", (int)what->method.len, what->method.data,
	         (int)what->target.len, what->target.data);
}

static void on_gone(void *front)
{
	(void)front;
	left++;
}

static void ignore(void *front)
{
	(void)front;
}

static void on_drained(void *arg)
{
	(void)arg;
	drained++;
}

static void on_turn_gone(void *arg)
{
	(void)arg;
	now = NULL;
	gone++;
}

static void on_bytes(const char *data, size_t len, void *arg)
{
	(void)arg;
	strncat(tunnelled, data, len);
}

static void on_ended(void *arg)
{
	(void)arg;
	ended_sides++;
}

static const struct turn_user user = {on_drained, on_turn_gone, on_bytes, on_ended};

static void make(void)
{
	struct err err;
	struct sockaddr_in peer = {.sin_family = AF_INET, .sin_addr = {htonl(0xc0000201)}};
	int pair[2];

	requests = refused = gone = drained = ended_sides = left = 0;
	now = NULL;
	tunnelled[0] = '\0';
	base = loop_new();
	defer = defer_new(base);
	deadlines = deadlines_new(base, 40);
	ck_assert(config_load(NULL, &config, &err));
	config->head_timeout_ms = config->idle_timeout_ms = idle_ms = 5000; /* the machine may be busy */
	config->max_body_bytes = 100000;
	conns = conns_new(&(struct conns_settings){.base = base,
	                                           .deadlines = deadlines,
	                                           .defer = defer,
	                                           .config = config,
	                                           .on_request = on_request,
	                                           .on_refused = on_refused,
	                                           .on_gone = on_gone,
	                                           .on_idle_changed = ignore});
	pair_tcp(pair);
	client = pair[0];
	http1_open(conns, &(struct conn_socket){.fd = pair[1], .peer = (struct sockaddr *)&peer});
}

static void clear(void)
{
	conns_free(conns);
	ck_assert_ptr_null(now);
	http1_free_spares();
	deadlines_free(deadlines);
	defer_free(defer);
	event_base_free(base);
	config_free(config);
	close(client);
}

static void say(const char *text)
{
	ck_assert_int_eq(send(client, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
	turn(base);
}

/* What the client hears; "" nothing. */
static const char *hear(void)
{
	static char text[65536];
	ssize_t got;

	turn(base);
	got = recv(client, text, sizeof(text) - 1, 0);
	text[got > 0 ? got : 0] = '\0';
	return text;
}

static bool is_closed(void)
{
	char byte;

	turn(base);
	return recv(client, &byte, 1, 0) == 0;
}

static bool was_reset(void)
{
	char bytes[65536];
	ssize_t got;

	turn(base);
	do
		got = recv(client, bytes, sizeof(bytes), 0);
	while (got > 0);
	return got == -1 && errno == ECONNRESET;
}

static void head(const char *text)
{
	static struct http_head parsed;
	struct http_limits limits = {.head_bytes = 16384};
	enum http_fault fault;
	size_t scanned = 0;

	ck_assert_int_eq(http_head_parse_response(text, strlen(text), &limits, &scanned, &parsed, &fault),
	                 HTTP_PARSE_DONE);
	turn_set_user(now, &user, NULL, idle_ms);
	ck_assert(turn_head(now, &parsed));
}

static void end(void)
{
	struct turn *over = now;

	now = NULL;
	ck_assert(turn_complete(over, (struct http_text){"", 0}));
	turn_flush(over);
	turn_end(over);
	turn(base);
}

static void reply(const char *body)
{
	head(OK);
	turn_send(now, body, strlen(body));
	end();
}

static bool hears(const char *words)
{
	const char *text = hear();

	if (strstr(text, words) != NULL)
		return true;
	fprintf(stderr, "heard: %s\n", text);
	return false;
}

/* --- requests -------------------------------------------------------------------------------------------------- */

START_TEST(one_after_the_other)
{
	say(GET);
	ck_assert_uint_eq(requests, 1);
	ck_assert_uint_eq(conns_turns(conns), 1);
	ck_assert_int_eq(now->idle_ms, config->idle_timeout_ms); /* whoever answers it */
	reply("ab");
	ck_assert(hears("\r\n\r\nab"));
	ck_assert_uint_eq(conns_turns(conns), 0);
	say(POST);
	ck_assert_uint_eq(now->request->body.len, 5);
	reply("cd");
	ck_assert(hears("cd"));
	ck_assert_uint_eq(conns_count(conns), 1);
}
END_TEST

START_TEST(pipelined_ones_wait_for_their_turn)
{
	say(GET POST GET);
	ck_assert_uint_eq(requests, 1);
	reply("1.");
	ck_assert_uint_eq(requests, 2);
	ck_assert_int_eq(now->request->method, HTTP_POST);
	reply("2.");
	ck_assert_uint_eq(requests, 3);
	reply("3.");
	const char *all = hear();
	ck_assert_ptr_nonnull(strstr(strstr(strstr(all, "1."), "2."), "3."));
}
END_TEST

START_TEST(in_pieces)
{
	const char *text = POST;
	char piece[2] = "";

	for (; *text != '\0'; text++) {
		ck_assert_uint_eq(requests, 0);
		piece[0] = *text;
		ck_assert_int_eq(send(client, piece, 1, 0), 1);
		event_base_loop(base, EVLOOP_NONBLOCK);
	}
	turn(base);
	ck_assert_uint_eq(requests, 1);
	reply("ok");
}
END_TEST

START_TEST(malformed_is_refused)
{
	say("GET /secret HTTP/1.1\r\nbad\r\n\r\n" GET);
	ck_assert(hears("HTTP/1.1 400 "));
	ck_assert_uint_eq(refused, 1);
	ck_assert_str_eq(refused_target, "GET /secret");
	ck_assert_uint_eq(requests, 0);
	ck_assert(is_closed());
}
END_TEST

START_TEST(a_body_that_is_too_long)
{
	config->max_body_bytes = 4;
	say("POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
	ck_assert(hears("HTTP/1.1 413 "));
	ck_assert_str_eq(refused_target, "POST /b");
	say("0\r\n\r\n"); /* thrown away: the refusal is not reset away */
	ck_assert_uint_eq(left, 0);
	close(client);
	client = -1;
	turn(base);
	ck_assert_uint_eq(left, 1);
}
END_TEST

START_TEST(no_memory_for_a_body)
{
	config->max_buffered_bytes = 4;
	say("POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nhello");
	ck_assert(hears("HTTP/1.1 503 "));
}
END_TEST

/* --- replies --------------------------------------------------------------------------------------------------- */

START_TEST(an_unknown_length_goes_in_chunks)
{
	say(GET);
	head(LONG);
	turn_send(now, "hello", 5);
	end();
	ck_assert(hears("\r\n\r\n5\r\nhello\r\n0\r\n\r\n"));
}
END_TEST

START_TEST(or_ends_with_the_connection)
{
	say("GET /a HTTP/1.0\r\n\r\n");
	head(LONG);
	turn_send(now, "hello", 5);
	end();
	ck_assert(hears("Connection: close\r\n\r\nhello"));
	ck_assert(is_closed());
}
END_TEST

START_TEST(head_has_no_body)
{
	say("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n");
	head(OK);
	end();
	ck_assert(hears("Content-Length: 2\r\n\r\n"));
	say(GET);
	reply("ab");
}
END_TEST

START_TEST(what_is_kept_can_be_taken_back)
{
	say(GET);
	head(OK);
	ck_assert(turn_keep(now, "no", 2));
	turn_take_back(now);
	ck_assert(!now->begun);
	reply("ab");
	const char *text = hear();
	ck_assert_ptr_nonnull(strstr(text, "ab"));
	ck_assert_ptr_null(strstr(text, "no"));
	ck_assert_uint_eq(refused, 0);
}
END_TEST

START_TEST(one_of_our_own)
{
	struct problem problem = {.status = 404, .detail = "nothing here"};
	struct turn *over = now;

	say(GET);
	over = now;
	now = NULL;
	turn_answer(over, &problem);
	ck_assert(hears("nothing here"));
	ck_assert_uint_eq(left, 0);
}
END_TEST

START_TEST(an_aborted_one_is_reset)
{
	struct turn *over;

	say(GET);
	head(OK);
	turn_send(now, "a", 1);
	over = now;
	now = NULL;
	turn_abort(over);
	ck_assert(was_reset());
	ck_assert_uint_eq(gone, 0);
}
END_TEST

/* --- clients that are slow, leave, or close their side --------------------------------------------------------- */

static enum turn_write fill(void)
{
	static char block[65536];
	enum turn_write written = TURN_SENT;

	head("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
	for (int i = 0; i < 500 && written == TURN_SENT; i++)
		written = turn_send(now, block, sizeof(block));
	return written;
}

/* Reads all that is there. */
static void drink(void)
{
	static char bytes[65536];

	while (recv(client, bytes, sizeof(bytes), 0) > 0)
		;
}

START_TEST(a_slow_reader_is_waited_for)
{
	say(GET);
	ck_assert_int_eq(fill(), TURN_SLOW);
	for (int i = 0; i < 2000 && drained == 0; i++) {
		drink();
		event_base_loop(base, EVLOOP_NONBLOCK);
	}
	ck_assert_uint_eq(drained, 1);
	close(client);
	client = -1;
	turn(base);
	ck_assert_uint_eq(gone, 1);
}
END_TEST

START_TEST(but_not_for_ever)
{
	idle_ms = 200;
	say(GET);
	ck_assert_int_eq(fill(), TURN_SLOW);
	turn_for(base, 350);
	ck_assert_uint_eq(gone, 1);
	ck_assert(was_reset());
}
END_TEST

START_TEST(a_head_that_does_not_end)
{
	config->head_timeout_ms = 200;
	say("GET /slow HT");
	turn_for(base, 350);
	ck_assert(hears("HTTP/1.1 408 "));
	ck_assert_str_eq(refused_target, "GET /slow");
}
END_TEST

START_TEST(an_idle_one_is_closed)
{
	config->idle_timeout_ms = 200;
	turn_for(base, 100);
	ck_assert(conns_has_idle(conns));
	turn_for(base, 250);
	ck_assert_uint_eq(left, 1);
}
END_TEST

START_TEST(the_next_request_is_seen_before_it_is_closed)
{
	turn_for(base, 100);
	ck_assert_int_gt(send(client, GET, strlen(GET), 0), 0);
	conns_yield(conns);
	ck_assert_uint_eq(left, 0);
	turn(base);
	ck_assert_uint_eq(requests, 1);
	reply("ab");
	turn_for(base, 100);
	conns_yield(conns);
	ck_assert_uint_eq(left, 1);
}
END_TEST

START_TEST(who_closes_its_side_is_answered)
{
	say(GET POST);
	shutdown(client, SHUT_WR);
	turn(base);
	ck_assert_uint_eq(gone, 0);
	reply("1.");
	reply("2.");
	const char *text = hear();
	ck_assert_ptr_nonnull(strstr(strstr(text, "1."), "Connection: close"));
	ck_assert(is_closed());
}
END_TEST

START_TEST(or_is_gone)
{
	config->half_close = CONFIG_HALF_CLOSE_CANCEL;
	say(GET);
	turn_set_user(now, &user, NULL, idle_ms);
	shutdown(client, SHUT_WR);
	turn(base);
	ck_assert_uint_eq(gone, 1);
}
END_TEST

START_TEST(what_is_not_whole_never_will_be)
{
	say("POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhel");
	shutdown(client, SHUT_WR);
	turn(base);
	ck_assert_uint_eq(left, 1);
	ck_assert_uint_eq(requests, 0);
}
END_TEST

START_TEST(the_end_cuts_what_is_not_whole)
{
	say(GET);
	head(OK);
	turn_send(now, "a", 1);
	conns_free(conns);
	conns = NULL;
	ck_assert_uint_eq(gone, 1);
	ck_assert(was_reset());
}
END_TEST

/* With more from the client behind the last reply, it lingers when all is freed. */
START_TEST(the_end_comes_while_one_lingers)
{
	say("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" GET);
	reply("ab");
	ck_assert(hears("\r\n\r\nab"));
	ck_assert_uint_eq(conns_count(conns), 1);
	conns_free(conns);
	conns = NULL;
	ck_assert_uint_eq(requests, 1);
}
END_TEST

START_TEST(a_tunnel)
{
	say("GET /ws HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nfirst ");
	head("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
	turn_flush(now);
	turn_tunnel(now);
	say("second");
	ck_assert_str_eq(tunnelled, "first second");
	turn_send(now, "back", 4);
	ck_assert(hears("\r\n\r\nback"));
	shutdown(client, SHUT_WR);
	turn(base);
	ck_assert_uint_eq(ended_sides, 1);
	turn_end_writing(now);
	ck_assert(is_closed());
	end();
	ck_assert_uint_eq(left, 1);
}
END_TEST

UNIT_MAIN_WITH("http1", make, clear, one_after_the_other, pipelined_ones_wait_for_their_turn, in_pieces,
               malformed_is_refused, a_body_that_is_too_long, no_memory_for_a_body, an_unknown_length_goes_in_chunks,
               or_ends_with_the_connection, head_has_no_body, what_is_kept_can_be_taken_back, one_of_our_own,
               an_aborted_one_is_reset, a_slow_reader_is_waited_for, but_not_for_ever, a_head_that_does_not_end,
               an_idle_one_is_closed, the_next_request_is_seen_before_it_is_closed, who_closes_its_side_is_answered,
               or_is_gone, what_is_not_whole_never_will_be, the_end_cuts_what_is_not_whole,
               the_end_comes_while_one_lingers, a_tunnel)
