/* handshakes: each ends once and is counted as what it was; what they cost is spread over the turns of the loop. */
#include "orchestrator/wire/handshakes.h"

#include "common/container_of.h"
#include "orchestrator/wire/tls_tickets.h"
#include "tests/unit/orchestrator/wire/tls_peer.h"
#include "tests/unit/unit.h"

#include <poll.h>
#include <stdlib.h>

#define MANY 60

static struct event_base *base;
static struct tls_tickets *tickets;
static struct test_server server;
static struct handshakes *all;

static struct visit {
	struct handshake handshake;
	struct tls_peer peer;
	int fds[2];
	int ended;
	enum handshake_result result;
} visits[MANY];
static int ended;

static void on_end(struct handshake *handshake, enum handshake_result result)
{
	struct visit *visit = container_of(handshake, struct visit, handshake);

	visit->ended++;
	visit->result = result;
	ended++;
}

static void make(void)
{
	base = loop_new();
	tickets = tls_tickets_new(base, NULL);
	test_server_open(&server, tickets);
	all = handshakes_new(base, server.tls);
	memset(visits, 0, sizeof(visits));
	ended = 0;
}

static void clear(void)
{
	for (int i = 0; i < MANY; i++) {
		if (visits[i].fds[0] == 0)
			continue;
		handshake_stop(&visits[i].handshake);
		tls_free(visits[i].handshake.tls);
		peer_close(&visits[i].peer);
		close(visits[i].fds[0]);
		close(visits[i].fds[1]);
	}
	handshakes_free(all);
	test_server_close(&server);
	tls_tickets_free(tickets);
	event_base_free(base);
}

static struct visit *begin(int i)
{
	struct visit *visit = &visits[i];

	pair_tcp(visit->fds);
	peer_open(&visit->peer, visit->fds[1]);
	handshake_start(all, &visit->handshake, visit->fds[0], on_end);
	return visit;
}

static void finish(struct visit *visit)
{
	for (int i = 0; i < 10 && !visit->ended; i++) {
		peer_shake(&visit->peer);
		turn(base);
	}
	ck_assert_int_eq(visit->ended, 1);
}

START_TEST(a_whole_one)
{
	struct visit *visit = begin(0);

	turn(base);
	ck_assert(!handshake_has_begun(&visit->handshake));
	peer_shake(&visit->peer);
	turn(base);
	ck_assert(handshake_has_begun(&visit->handshake));
	finish(visit);
	ck_assert_int_eq(visit->result, HANDSHAKE_FULL);
	ck_assert_ptr_nonnull(visit->handshake.tls);
	ck_assert_uint_eq(handshakes_count(all, HANDSHAKE_1_3, HANDSHAKE_FULL), 1);
}
END_TEST

/* Nobody is handed what a CA opened: it is over with the handshake. */
START_TEST(a_challenge)
{
	struct visit *visit = begin(0);

	server.challenged = true;
	SSL_set_alpn_protos(visit->peer.ssl,
	                    (const unsigned char *)"\x0a"
	                                           "acme-tls/1",
	                    11);
	finish(visit);
	ck_assert_int_eq(visit->result, HANDSHAKE_CHALLENGE);
	ck_assert_ptr_null(visit->handshake.tls);
	ck_assert_uint_eq(handshakes_count(all, HANDSHAKE_1_3, HANDSHAKE_CHALLENGE), 1);
	ck_assert_uint_eq(handshakes_count(all, HANDSHAKE_1_3, HANDSHAKE_FULL), 0);
}
END_TEST

START_TEST(one_with_a_ticket)
{
	struct visit *first = begin(0), *second = begin(1);

	SSL_set_max_proto_version(first->peer.ssl, TLS1_2_VERSION);
	SSL_set_max_proto_version(second->peer.ssl, TLS1_2_VERSION);
	finish(first);
	while (!peer_shake(&first->peer))
		continue;
	SSL_SESSION *session = SSL_get1_session(first->peer.ssl);
	SSL_set_shutdown(first->peer.ssl, SSL_SENT_SHUTDOWN); /* else it takes the session out */
	SSL_set_session(second->peer.ssl, session);
	finish(second);
	SSL_SESSION_free(session);
	ck_assert_int_eq(second->result, HANDSHAKE_RESUMED);
	ck_assert_uint_eq(handshakes_count(all, HANDSHAKE_1_2, HANDSHAKE_FULL), 1);
	ck_assert_uint_eq(handshakes_count(all, HANDSHAKE_1_2, HANDSHAKE_RESUMED), 1);
}
END_TEST

static const struct {
	const char *said;
	enum handshake_result result;
} beginnings[] = {
        {"GET / HTTP/1.1\r\n\r\n", HANDSHAKE_CLEAR},
        {"PROPFIND / HTTP/1.1\r\n\r\n", HANDSHAKE_CLEAR},
        {"\x80\x2e\x01", HANDSHAKE_GARBAGE}, /* as SSL 2.0 began */
        {"SSH-2.0-x\r\n", HANDSHAKE_CLEAR},  /* it is told in HTTP, which it may print */
        {"\x15\x03\x01", HANDSHAKE_GARBAGE},
        {"\x16\x7f\x01\x02\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01", HANDSHAKE_REFUSED},
        {"\x16\x03\x01\x02\x01\x01\x01", HANDSHAKE_GONE} /* and no more */,
        {"", HANDSHAKE_GONE},
};

START_TEST(what_it_begins_with)
{
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
		struct visit *visit = begin((int)i);
		size_t len = strlen(beginnings[i].said);
		ck_assert_int_eq(send(visit->fds[1], beginnings[i].said, len, MSG_NOSIGNAL), (ssize_t)len);
		shutdown(visit->fds[1], SHUT_WR);
		turn(base);
		ck_assert_int_eq(visit->ended, 1);
		ck_assert_msg(visit->result == beginnings[i].result, "%zu: %s", i,
		              handshake_result_text(visit->result));
		ck_assert_ptr_null(visit->handshake.tls);
	}
	ck_assert_uint_eq(handshakes_count(all, HANDSHAKE_NO_VERSION, HANDSHAKE_CLEAR), 3);
	ck_assert_uint_eq(handshakes_count(all, HANDSHAKE_NO_VERSION, HANDSHAKE_GARBAGE), 2);
}
END_TEST

/* What speaks HTTP gets to read its request yet. */
START_TEST(nothing_is_taken_from_the_socket)
{
	struct visit *visit = begin(0);
	char byte;

	ck_assert_int_eq(send(visit->fds[1], "GET", 3, 0), 3);
	turn(base);
	ck_assert_int_eq(visit->result, HANDSHAKE_CLEAR);
	ck_assert_int_eq(recv(visit->fds[0], &byte, 1, 0), 1);
	ck_assert_int_eq(byte, 'G');
}
END_TEST

START_TEST(it_leaves_in_the_middle)
{
	struct visit *visit = begin(0);

	peer_shake(&visit->peer);
	turn(base);
	close(visit->fds[1]);
	visit->fds[1] = dup(visit->fds[0]);
	turn(base);
	ck_assert_int_eq(visit->ended, 1);
	ck_assert_int_eq(visit->result, HANDSHAKE_GONE);
}
END_TEST

START_TEST(one_that_is_stopped_is_not_told)
{
	struct visit *visit = begin(0);

	peer_shake(&visit->peer);
	event_base_loop(base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
	handshake_stop(&visit->handshake);
	handshake_stop(&visit->handshake);
	peer_shake(&visit->peer);
	turn(base);
	ck_assert_int_eq(visit->ended, 0);
}
END_TEST

/* Has the server answered them all? */
static bool all_are_answered(void)
{
	for (int i = 0; i < MANY; i++)
		if (poll(&(struct pollfd){.fd = visits[i].fds[1], .events = POLLIN}, 1, 0) != 1)
			return false;
	return true;
}

/* Others get their turn in between: no turn of the loop does more than a few of the costly steps. */
START_TEST(they_go_in_turn)
{
	int turns = 0;

	for (int i = 0; i < MANY; i++)
		peer_shake(&begin(i)->peer);
	while (!all_are_answered()) {
		event_base_loop(base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
		turns++;
	}
	ck_assert_int_ge(turns, MANY / 6);
	for (int i = 0; i < MANY; i++)
		finish(&visits[i]);
	ck_assert_int_eq(ended, MANY);
}
END_TEST

/* Behind all the first steps it would come last. */
START_TEST(one_that_is_answered_goes_before_the_new)
{
	for (int i = 0; i < MANY; i++)
		peer_shake(&begin(i)->peer);
	for (int i = 0; i < MANY && visits[0].ended == 0; i++) {
		peer_shake(&visits[0].peer);
		event_base_loop(base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
	}
	ck_assert_int_eq(visits[0].result, HANDSHAKE_FULL);
	ck_assert_int_eq(ended, 1);
	ck_assert(!all_are_answered());
}
END_TEST

UNIT_MAIN_WITH("handshakes", make, clear, a_whole_one, a_challenge, one_with_a_ticket, what_it_begins_with,
               nothing_is_taken_from_the_socket, it_leaves_in_the_middle, one_that_is_stopped_is_not_told,
               they_go_in_turn, one_that_is_answered_goes_before_the_new)
