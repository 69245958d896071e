/* tls: every byte comes whatever the records are, an end is told from a cut both ways, and no client can keep the loop busy. */
#include "orchestrator/wire/tls.h"

#include "orchestrator/wire/tls_tickets.h"
#include "tests/unit/orchestrator/wire/tls_peer.h"
#include "tests/unit/unit.h"

#include <poll.h>
#include <stdlib.h>

#define LONG 40000
#define MUCH 4000000

static struct event_base *base;
static struct tls_tickets *tickets;
static struct test_server server;
static struct tls_peer peer;
static int fds[2];

static struct owner {
	struct stream stream;
	char got[65536];
	size_t got_len, room;
	int readable, reads; /* callbacks; reads in one of them */
	bool ended, pausing;
	int problem;
	struct iovec out;
} owner;

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	owner.readable++;
	for (int i = 0; i < owner.reads; i++) {
		ssize_t got = stream_read(&owner.stream, owner.got + owner.got_len, owner.room);
		if (got == -1 && errno != EAGAIN)
			owner.problem = errno;
		owner.ended |= got == 0;
		if (got <= 0)
			return;
		owner.got_len += (size_t)got;
		if (owner.pausing) {
			stream_pause(&owner.stream);
			return;
		}
	}
	stream_read_later(&owner.stream);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	if (owner.out.iov_len == 0)
		return;
	ssize_t put = stream_write(&owner.stream, &owner.out, 1);
	if (put > 0) {
		owner.out.iov_base = (char *)owner.out.iov_base + put;
		owner.out.iov_len -= (size_t)put;
	}
	if (owner.out.iov_len > 0)
		stream_wait_writable(&owner.stream);
}

static const struct stream_owner calls = {on_readable, on_writable};

static void make(void)
{
	base = loop_new();
	tickets = tls_tickets_new(base, NULL);
	test_server_open(&server, tickets);
	pair_tcp(fds);
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &(int){65536}, sizeof(int));
	setsockopt(fds[1], SOL_SOCKET, SO_RCVBUF, &(int){65536}, sizeof(int));
	peer_open(&peer, fds[1]);
	memset(&owner, 0, sizeof(owner));
	owner.room = 64;
	owner.reads = 4;
}

static void clear(void)
{
	stream_close(&owner.stream, STREAM_WHOLE);
	peer_close(&peer);
	close(fds[1]);
	test_server_close(&server);
	tls_tickets_free(tickets);
	event_base_free(base);
}

static enum tls_step shake(void)
{
	struct tls *tls = tls_new(server.tls, fds[0]);
	enum tls_step step = shake_both(tls, &peer);

	if (step == TLS_DONE) {
		stream_open(&owner.stream,
		            &(struct stream_socket){.base = base,
		                                    .priority = LOOP_CLIENTS,
		                                    .fd = fds[0],
		                                    .kind = &stream_tls,
		                                    .inner = tls},
		            &calls, &owner);
		stream_resume(&owner.stream);
		peer_read(&peer); /* the ticket */
		peer.records = 0;
	} else {
		tls_free(tls);
		close(fds[0]);
	}
	return step;
}

static void open_it(void)
{
	ck_assert_int_eq(shake(), TLS_DONE);
}

/* Each byte other than its neighbours. */
static const char *text_of(size_t len)
{
	static char text[MUCH];

	for (size_t i = 0; i < len; i++)
		text[i] = (char)('!' + i % 90);
	return text;
}

static void check_got(size_t len)
{
	ck_assert_uint_eq(owner.got_len, len);
	ck_assert(memcmp(owner.got, text_of(len), len) == 0);
}

/* --- handshakes ------------------------------------------------------------------------------------------------ */

START_TEST(versions_are_told)
{
	SSL_set_max_proto_version(peer.ssl, TLS1_2_VERSION);
	open_it();
	ck_assert_str_eq(tls_version(stream_has_tls(&owner.stream)), "1.2");
	ck_assert_str_eq(tls_protocol(stream_has_tls(&owner.stream)), "");
	ck_assert_str_eq(tls_name(stream_has_tls(&owner.stream)), "");
}
END_TEST

START_TEST(names_and_protocols_are_told)
{
	SSL_set_tlsext_host_name(peer.ssl, "A.Example.org");
	SSL_set_alpn_protos(peer.ssl,
	                    (const unsigned char *)"\x02h2\x08http/1.1\x0a"
	                                           "acme-tls/1",
	                    23);
	open_it();
	ck_assert_str_eq(tls_version(stream_has_tls(&owner.stream)), "1.3");
	ck_assert_str_eq(tls_protocol(stream_has_tls(&owner.stream)), "http/1.1");
	ck_assert_str_eq(tls_name(stream_has_tls(&owner.stream)), "a.example.org");
	ck_assert(server.offers_acme);
}
END_TEST

START_TEST(a_name_that_is_not_known_is_refused)
{
	server.unknown = true;
	ck_assert_int_eq(shake(), TLS_REFUSED);
	peer_shake(&peer);
	ck_assert_int_eq(peer.alert, SSL_AD_UNRECOGNIZED_NAME);
}
END_TEST

START_TEST(no_protocol_in_common_is_refused)
{
	SSL_set_alpn_protos(peer.ssl, (const unsigned char *)"\x02h2", 3);
	ck_assert_int_eq(shake(), TLS_REFUSED);
	peer_shake(&peer);
	ck_assert_int_eq(peer.alert, SSL_AD_NO_APPLICATION_PROTOCOL);
}
END_TEST

#define ACME   \
	"\x0a" \
	"acme-tls/1"

static void offer(const char *protocols, size_t len)
{
	SSL_set_tlsext_host_name(peer.ssl, "a.example");
	SSL_set_alpn_protos(peer.ssl, (const unsigned char *)protocols, (unsigned)len);
}

/* Where no order is under way nobody answers, whatever certificates there are. */
START_TEST(a_challenge_that_is_none_is_refused)
{
	offer(ACME, 11);
	ck_assert_int_eq(shake(), TLS_REFUSED);
	peer_shake(&peer);
	ck_assert_int_eq(peer.alert, SSL_AD_NO_APPLICATION_PROTOCOL);
}
END_TEST

START_TEST(a_challenge_is_answered)
{
	const unsigned char *chosen;
	unsigned len;

	server.challenged = server.unknown = true;
	offer(ACME, 11);
	struct tls *tls = tls_new(server.tls, fds[0]);
	ck_assert_int_eq(shake_both(tls, &peer), TLS_DONE);
	ck_assert(tls_is_challenge(tls));
	ck_assert_str_eq(tls_protocol(tls), "");
	ck_assert_str_eq(server.asked.name, "a.example");
	SSL_get0_alpn_selected(peer.ssl, &chosen, &len);
	ck_assert_uint_eq(len, 10);
	ck_assert_mem_eq(chosen, "acme-tls/1", 10);
	tls_free(tls);
	close(fds[0]);
}
END_TEST

/* Only who says nothing else means it (RFC 8737 section 3): others get what they get without. */
START_TEST(a_challenge_among_others_is_none)
{
	server.challenged = true;
	offer(ACME "\x08http/1.1", 20);
	open_it();
	ck_assert(!tls_is_challenge(stream_has_tls(&owner.stream)));
	ck_assert_str_eq(tls_protocol(stream_has_tls(&owner.stream)), "http/1.1");
}
END_TEST

/* A session of a usual connection would spare it the certificate that is to be looked at. */
START_TEST(a_challenge_is_never_resumed)
{
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	struct tls_peer second;
	int pair[2];

	for (size_t i = 0; i < 2; i++) {
		if (i > 0) {
			clear();
			make();
		}
		server.challenged = true;
		SSL_set_max_proto_version(peer.ssl, versions[i]);
		open_it();
		SSL_SESSION *session = SSL_get1_session(peer.ssl);
		SSL_set_shutdown(peer.ssl, SSL_SENT_SHUTDOWN); /* else it takes the session out */
		pair_tcp(pair);
		peer_open(&second, pair[1]);
		SSL_set_max_proto_version(second.ssl, versions[i]);
		SSL_set_alpn_protos(second.ssl, (const unsigned char *)ACME, 11);
		ck_assert_int_eq(SSL_set_session(second.ssl, session), 1);
		struct tls *tls = tls_new(server.tls, pair[0]);
		ck_assert_int_eq(shake_both(tls, &second), TLS_DONE);
		ck_assert(tls_is_challenge(tls) && !tls_is_resumed(tls));
		tls_free(tls);
		SSL_SESSION_free(session);
		peer_close(&second);
		close(pair[0]);
		close(pair[1]);
	}
}
END_TEST

START_TEST(an_old_version_is_refused)
{
	tls_server_set_only_1_3(server.tls, true);
	SSL_set_max_proto_version(peer.ssl, TLS1_2_VERSION);
	ck_assert_int_eq(shake(), TLS_REFUSED);
	peer_shake(&peer);
	ck_assert_int_eq(peer.alert, SSL_AD_PROTOCOL_VERSION);
}
END_TEST

START_TEST(a_client_that_leaves_is_no_refusal)
{
	struct tls *tls = tls_new(server.tls, fds[0]);

	ck_assert(!peer_shake(&peer));
	ck_assert_int_eq(tls_shake(tls), TLS_WANTS_READ);
	shutdown(fds[1], SHUT_WR);
	poll(NULL, 0, 20);
	ck_assert_int_eq(tls_shake(tls), TLS_GONE);
	tls_free(tls);
	close(fds[0]);
}
END_TEST

START_TEST(a_hello_may_come_byte_by_byte)
{
	struct tls *tls = tls_new(server.tls, fds[0]);
	enum tls_step step = TLS_WANTS_READ;

	ERR_clear_error();
	SSL_do_handshake(peer.ssl);
	while (peer_send_some(&peer, 1) > 0) {
		ck_assert_int_eq(step, TLS_WANTS_READ);
		step = tls_shake(tls);
	}
	ck_assert_int_eq(shake_both(tls, &peer), TLS_DONE);
	tls_free(tls);
	close(fds[0]);
}
END_TEST

/* --- reading --------------------------------------------------------------------------------------------------- */

/* The socket is empty after the first read: nobody but the library knows of the rest. */
START_TEST(a_record_is_handed_out_in_pieces)
{
	open_it();
	peer_say(&peer, text_of(LONG), LONG);
	peer_send(&peer);
	turn_for(base, 300);
	check_got(LONG);
	ck_assert_int_ge(owner.readable, LONG / 64 / 4);
}
END_TEST

START_TEST(a_record_may_come_in_pieces)
{
	open_it();
	peer_say(&peer, text_of(300), 300);
	while (peer_send_some(&peer, 7) > 0)
		turn(base);
	check_got(300);
	ck_assert_int_eq(owner.problem, 0);
}
END_TEST

/* It came with the last message of the handshake. */
START_TEST(what_was_read_ahead_is_told)
{
	struct tls *tls = tls_new(server.tls, fds[0]);

	ck_assert(!peer_shake(&peer));
	ck_assert_int_eq(tls_shake(tls), TLS_WANTS_READ);
	peer_receive(&peer);
	ck_assert_int_eq(SSL_do_handshake(peer.ssl), 1);
	peer_say(&peer, text_of(9), 9);
	peer_send(&peer);
	poll(NULL, 0, 20);
	ck_assert_int_eq(tls_shake(tls), TLS_DONE);
	stream_open(&owner.stream,
	            &(struct stream_socket){
	                    .base = base, .priority = LOOP_CLIENTS, .fd = fds[0], .kind = &stream_tls, .inner = tls},
	            &calls, &owner);
	stream_resume(&owner.stream);
	turn(base);
	check_got(9);
}
END_TEST

START_TEST(what_waits_while_it_is_paused_is_told_later)
{
	open_it();
	owner.pausing = true;
	peer_say(&peer, text_of(500), 500);
	peer_send(&peer);
	turn(base);
	check_got(64);
	owner.pausing = false;
	turn(base);
	check_got(64);
	stream_resume(&owner.stream);
	turn(base);
	check_got(500);
}
END_TEST

/* A client that sent a part of a record has not spoken: it must not keep its place for that. */
START_TEST(a_part_of_a_record_is_nothing_to_read)
{
	open_it();
	peer_say(&peer, "x", 1);
	peer_send_some(&peer, 3);
	turn(base);
	ck_assert_uint_eq(owner.got_len, 0);
	ck_assert_int_eq(stream_peek(&owner.stream), -1);
	peer_send(&peer);
	ck_assert_int_eq(poll(&(struct pollfd){.fd = fds[0], .events = POLLIN}, 1, 5000), 1);
	ck_assert_int_eq(stream_peek(&owner.stream), 1);
}
END_TEST

/* The queue of errors is the thread's. */
START_TEST(another_ones_error_is_not_ours)
{
	char byte;

	open_it();
	ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH);
	ck_assert_int_eq(stream_read(&owner.stream, &byte, 1), -1);
	ck_assert_int_eq(errno, EAGAIN);
	ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH);
	ck_assert_int_eq(stream_write(&owner.stream, &(struct iovec){(char *)(uintptr_t) "a", 1}, 1), 1);
	ck_assert_int_eq(stream_read(&owner.stream, &byte, 1), -1);
	ck_assert_int_eq(errno, EAGAIN);
}
END_TEST

/* --- ends ------------------------------------------------------------------------------------------------------ */

START_TEST(close_notify_is_a_half_close)
{
	open_it();
	SSL_shutdown(peer.ssl);
	peer_send(&peer);
	turn(base);
	ck_assert(owner.ended);
	ck_assert_int_eq(owner.problem, 0);
	ck_assert_int_eq(stream_write(&owner.stream, &(struct iovec){(char *)(uintptr_t) "reply", 5}, 1), 5);
	peer_await(&peer, 5);
}
END_TEST

START_TEST(an_end_without_it_is_none)
{
	open_it();
	shutdown(fds[1], SHUT_WR);
	turn(base);
	ck_assert(!owner.ended);
	ck_assert_int_eq(owner.problem, ECONNRESET);
	stream_close(&owner.stream, STREAM_WHOLE);
	peer_await_end(&peer);
	ck_assert(!peer.ended); /* nothing is said on a broken connection */
}
END_TEST

START_TEST(a_whole_one_says_so)
{
	open_it();
	ck_assert_int_eq(stream_write(&owner.stream, &(struct iovec){(char *)(uintptr_t) "all", 3}, 1), 3);
	stream_close(&owner.stream, STREAM_WHOLE);
	peer_await_end(&peer);
	ck_assert_uint_eq(peer.got_len, 3);
	ck_assert(peer.ended);
}
END_TEST

START_TEST(one_that_is_cut_does_not)
{
	open_it();
	ck_assert_int_eq(stream_write(&owner.stream, &(struct iovec){(char *)(uintptr_t) "a part", 6}, 1), 6);
	stream_close(&owner.stream, STREAM_CUT);
	peer_await_end(&peer);
	ck_assert(!peer.ended);
}
END_TEST

START_TEST(writing_ends_before_reading)
{
	open_it();
	stream_end_writing(&owner.stream);
	stream_end_writing(&owner.stream); /* harmless */
	for (int i = 0; i < 200 && !peer.ended; i++)
		peer_read(&peer);
	ck_assert(peer.ended && !peer.closed);
	peer_say(&peer, text_of(5), 5);
	peer_send(&peer);
	turn(base);
	check_got(5);
	ck_assert_int_eq(owner.problem, 0);
}
END_TEST

/* --- writing --------------------------------------------------------------------------------------------------- */

START_TEST(pieces_become_one_record)
{
	char head[] = "head", body[] = "a body", tail[] = "";
	struct iovec parts[] = {{head, 4}, {tail, 0}, {body, 6}};

	open_it();
	ck_assert_int_eq(stream_write(&owner.stream, parts, 3), 10);
	peer_await(&peer, 10);
	ck_assert(memcmp(peer.got, "heada body", 10) == 0);
	ck_assert_int_eq(peer.records, 1);
}
END_TEST

START_TEST(records_are_filled)
{
	char head[100];
	struct iovec parts[] = {{head, sizeof(head)}, {(char *)(uintptr_t)text_of(LONG), LONG}};

	memset(head, 'h', sizeof(head));
	open_it();
	ck_assert_int_eq(stream_write(&owner.stream, parts, 2), LONG + 100);
	peer_await(&peer, LONG + 100);
	ck_assert(memcmp(peer.got + 100, text_of(LONG), LONG) == 0);
	ck_assert_int_eq(peer.records, (LONG + 100 + 16383) / 16384);
}
END_TEST

/* The library has sealed a record that the socket did not take: what is brought next must be the same and may be longer. */
START_TEST(a_slow_reader_gets_all_of_it)
{
	size_t taken = 0, seen = 0;
	const char *text = text_of(MUCH);

	open_it();
	for (;;) {
		struct iovec parts[] = {{(char *)(uintptr_t)text + taken, 10},
		                        {(char *)(uintptr_t)text + taken + 10, 20000}};
		ssize_t put = stream_write(&owner.stream, parts, 2);
		if (put == -1) {
			ck_assert_int_eq(errno, EAGAIN);
			break;
		}
		taken += (size_t)put;
		ck_assert_uint_lt(taken, MUCH - 100000);
	}
	owner.out = (struct iovec){(char *)(uintptr_t)text + taken, MUCH - taken};
	stream_wait_writable(&owner.stream);
	while (seen < MUCH) {
		peer.got_len = 0;
		peer_read(&peer);
		ck_assert_int_eq(memcmp(peer.got, text + seen, peer.got_len), 0);
		seen += peer.got_len;
		event_base_loop(base, EVLOOP_NONBLOCK);
	}
	ck_assert_uint_eq(owner.out.iov_len, 0);
}
END_TEST

/* The end is said behind all of it, even if the socket was full. */
START_TEST(a_full_socket_delays_the_end)
{
	open_it();
	while (stream_write(&owner.stream, &(struct iovec){(char *)(uintptr_t)text_of(16384), 16384}, 1) > 0)
		continue;
	owner.out = (struct iovec){(char *)(uintptr_t)text_of(16384), 16384};
	stream_wait_writable(&owner.stream);
	while (!peer.ended) {
		peer.got_len = 0;
		peer_read(&peer);
		event_base_loop(base, EVLOOP_NONBLOCK);
		if (owner.out.iov_len == 0)
			stream_end_writing(&owner.stream);
	}
	ck_assert(!peer.closed);
}
END_TEST

/* --- what a client may want besides ---------------------------------------------------------------------------- */

START_TEST(keys_may_be_renewed)
{
	open_it();
	for (int i = 0; i < 5; i++) {
		ck_assert_int_eq(SSL_key_update(peer.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
		peer_say(&peer, text_of(500) + i * 10, 10);
		peer_send(&peer);
		turn(base);
		peer_read(&peer);
	}
	check_got(50);
	ck_assert_int_eq(stream_write(&owner.stream, &(struct iovec){(char *)(uintptr_t) "a", 1}, 1), 1);
	peer_await(&peer, 1);
}
END_TEST

START_TEST(but_not_for_ever)
{
	open_it();
	for (int i = 0; i < 200; i++) {
		ck_assert_int_eq(SSL_key_update(peer.ssl, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
		ERR_clear_error();
		SSL_do_handshake(peer.ssl); /* sends it */
	}
	peer_say(&peer, text_of(10), 10);
	peer_send(&peer);
	turn(base);
	ck_assert_uint_eq(owner.got_len, 0);
	ck_assert_int_eq(owner.problem, ECONNRESET);
}
END_TEST

START_TEST(no_second_handshake)
{
	SSL_set_max_proto_version(peer.ssl, TLS1_2_VERSION);
	open_it();
	ck_assert_int_eq(SSL_renegotiate(peer.ssl), 1);
	ERR_clear_error();
	SSL_do_handshake(peer.ssl);
	peer_send(&peer);
	turn(base);
	peer_receive(&peer);
	ck_assert_int_ne(SSL_do_handshake(peer.ssl), 1);
	ck_assert_int_eq(ERR_GET_REASON(ERR_peek_last_error()), SSL_R_NO_RENEGOTIATION);
	ck_assert_uint_eq(owner.got_len, 0);
}
END_TEST

UNIT_MAIN_WITH("tls", make, clear, versions_are_told, names_and_protocols_are_told, a_name_that_is_not_known_is_refused,
               no_protocol_in_common_is_refused, a_challenge_that_is_none_is_refused, a_challenge_is_answered,
               a_challenge_among_others_is_none, a_challenge_is_never_resumed, an_old_version_is_refused,
               a_client_that_leaves_is_no_refusal, a_hello_may_come_byte_by_byte, a_record_is_handed_out_in_pieces,
               a_record_may_come_in_pieces, what_was_read_ahead_is_told, what_waits_while_it_is_paused_is_told_later,
               a_part_of_a_record_is_nothing_to_read, another_ones_error_is_not_ours, close_notify_is_a_half_close,
               an_end_without_it_is_none, a_whole_one_says_so, one_that_is_cut_does_not, writing_ends_before_reading,
               pieces_become_one_record, records_are_filled, a_slow_reader_gets_all_of_it, a_full_socket_delays_the_end,
               keys_may_be_renewed, but_not_for_ever, no_second_handshake)
