/* tls_tickets: a client resumes with the process that comes after, for as long as a key lives, and with no key of a stranger. */
#include "orchestrator/wire/tls_tickets.h"

#include "common/clock.h"
#include "tests/unit/orchestrator/wire/tls_peer.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOUR_MS INT64_C(3600000)
#define KEY_BYTES (8 + 80) /* in the file: when it was made, and the key */

static struct event_base *base;
static char folder[64], path[96];
static SSL_SESSION *session; /* what the last client was given */

static void make(void)
{
	base = loop_new();
	snprintf(folder, sizeof(folder), "/tmp/ticketsXXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/tickets", folder);
	session = NULL;
}

static void clear(void)
{
	SSL_SESSION_free(session);
	unlink(path);
	rmdir(folder);
	event_base_free(base);
}

/* One process with one client; true: it resumed. */
static bool visit(const char *file, int version)
{
	struct tls_tickets *tickets = tls_tickets_new(base, file);
	struct test_server server;
	struct tls_peer peer;
	int fds[2];

	test_server_open(&server, tickets);
	pair_tcp(fds);
	peer_open(&peer, fds[1]);
	SSL_set_max_proto_version(peer.ssl, version);
	if (session != NULL)
		SSL_set_session(peer.ssl, session);
	struct tls *tls = tls_new(server.tls, fds[0]);
	ck_assert_int_eq(shake_both(tls, &peer), TLS_DONE);
	poll(NULL, 0, 2);
	peer_read(&peer);
	bool resumed = tls_is_resumed(tls);
	ck_assert_int_eq(resumed, SSL_session_reused(peer.ssl));
	SSL_SESSION_free(session);
	session = SSL_get1_session(peer.ssl);
	SSL_set_shutdown(peer.ssl, SSL_SENT_SHUTDOWN); /* else it takes the session out */
	peer_close(&peer);
	tls_free(tls);
	close(fds[0]);
	close(fds[1]);
	test_server_close(&server);
	tls_tickets_free(tickets);
	return resumed;
}

/* As if that much time had gone by since its keys were made. */
static void age(int64_t ms)
{
	int fd = open(path, O_RDWR);

	ck_assert_int_ne(fd, -1);
	for (int i = 0; i < 2; i++) {
		int64_t made_ms;
		ck_assert_int_eq(pread(fd, &made_ms, sizeof(made_ms), 8 + i * KEY_BYTES), 8);
		made_ms -= made_ms > 0 ? ms : 0;
		ck_assert_int_eq(pwrite(fd, &made_ms, sizeof(made_ms), 8 + i * KEY_BYTES), 8);
	}
	close(fd);
}

START_TEST(a_restart_is_not_seen)
{
	const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	struct stat st;

	for (size_t i = 0; i < 2; i++) {
		SSL_SESSION_free(session);
		session = NULL;
		ck_assert(!visit(path, versions[i]));
		ck_assert(visit(path, versions[i]));
		ck_assert(visit(path, versions[i]));
	}
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(st.st_size, 8 + 2 * KEY_BYTES);
}
END_TEST

START_TEST(without_a_file_it_is)
{
	ck_assert(!visit(NULL, TLS1_3_VERSION));
	ck_assert(!visit(NULL, TLS1_3_VERSION));
}
END_TEST

static bool has_ticket(const unsigned char *ticket, size_t len)
{
	const unsigned char *now;
	size_t now_len;

	SSL_SESSION_get0_ticket(session, &now, &now_len);
	return now_len == len && memcmp(now, ticket, len) == 0;
}

/* RFC 8446 appendix C.4: a client uses a ticket once, so that nobody can tell that it is the same client. */
START_TEST(who_resumes_gets_another)
{
	unsigned char before[1024];
	const unsigned char *ticket;
	size_t len;

	visit(path, TLS1_3_VERSION);
	for (int i = 0; i < 3; i++) {
		SSL_SESSION_get0_ticket(session, &ticket, &len);
		ck_assert_uint_gt(len, 0);
		ck_assert_uint_le(len, sizeof(before));
		memcpy(before, ticket, len);
		ck_assert(visit(path, TLS1_3_VERSION));
		ck_assert(!has_ticket(before, len));
	}
}
END_TEST

/* A client of the older key resumes, and has one of the newer then. */
START_TEST(an_older_key_still_opens)
{
	ck_assert(!visit(path, TLS1_2_VERSION));
	age(13 * HOUR_MS);
	ck_assert(visit(path, TLS1_2_VERSION));
	age(10 * HOUR_MS);
	ck_assert(visit(path, TLS1_2_VERSION));
	age(4 * HOUR_MS); /* the first one is too old by now, the second seals no more */
	ck_assert(visit(path, TLS1_2_VERSION));
}
END_TEST

START_TEST(a_key_that_is_too_old_does_not)
{
	ck_assert(!visit(path, TLS1_2_VERSION));
	age(25 * HOUR_MS);
	ck_assert(!visit(path, TLS1_2_VERSION));
}
END_TEST

START_TEST(a_key_of_the_future_does_not)
{
	ck_assert(!visit(path, TLS1_2_VERSION));
	age(-2 * HOUR_MS);
	ck_assert(!visit(path, TLS1_2_VERSION));
	ck_assert(visit(path, TLS1_2_VERSION));
}
END_TEST

START_TEST(a_file_that_others_may_read_is_not_taken)
{
	struct stat st;

	ck_assert(!visit(path, TLS1_2_VERSION));
	ck_assert_int_eq(chmod(path, 0644), 0);
	ck_assert(!visit(path, TLS1_2_VERSION));
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	ck_assert(visit(path, TLS1_2_VERSION));
}
END_TEST

START_TEST(a_damaged_file_is_replaced)
{
	for (off_t len = 0; len < 8 + 2 * KEY_BYTES; len += 23) {
		visit(path, TLS1_3_VERSION);
		ck_assert_int_eq(truncate(path, len), 0);
		ck_assert(!visit(path, TLS1_3_VERSION));
		ck_assert(visit(path, TLS1_3_VERSION));
	}
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_no_harm)
{
	ck_assert(!visit("/nowhere/tickets", TLS1_3_VERSION));
}
END_TEST

UNIT_MAIN_WITH("tls_tickets", make, clear, a_restart_is_not_seen, without_a_file_it_is, who_resumes_gets_another,
               an_older_key_still_opens, a_key_that_is_too_old_does_not, a_key_of_the_future_does_not,
               a_file_that_others_may_read_is_not_taken, a_damaged_file_is_replaced,
               a_folder_that_is_not_there_is_no_harm)
