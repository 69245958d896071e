/* Sockets handed over: what is taken, by which address, and what is refused. */
#include "orchestrator/systemd/activation.h"

#include "common/log.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FIRST 3 /* the protocol's own */
#define MOST 4

static struct activation *activation;
static struct err err;
static int given;

/* Before Check opens a file of its own: its descriptors are not to be ours. */
__attribute__((constructor)) static void keep_descriptors_free(void)
{
	while (dup(STDERR_FILENO) < FIRST + MOST - 1)
		;
}

static void give(int fd)
{
	ck_assert_int_eq(dup2(fd, FIRST + given), FIRST + given);
	if (fd != FIRST + given)
		close(fd);
	given++;
}

static unsigned give_v4(const char *host, int type)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, type, 0);

	inet_pton(AF_INET, host, &address.sin_addr);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, len), 0);
	if (type == SOCK_STREAM)
		listen(fd, 8);
	getsockname(fd, (struct sockaddr *)&address, &len);
	give(fd);
	return ntohs(address.sin_port);
}

static unsigned give_v6(const char *host, int v6_alone)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	inet_pton(AF_INET6, host, &address.sin6_addr);
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_alone, sizeof(v6_alone));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, len), 0);
	listen(fd, 8);
	getsockname(fd, (struct sockaddr *)&address, &len);
	give(fd);
	return ntohs(address.sin6_port);
}

static void set_number(const char *name, long number)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", number);
	setenv(name, text, 1);
}

static bool open_all(const char *names)
{
	set_number("LISTEN_PID", getpid());
	set_number("LISTEN_FDS", given);
	if (names != NULL)
		setenv("LISTEN_FDNAMES", names, 1);
	activation = NULL;
	bool ok = activation_open(&activation, &err);
	ck_assert_ptr_null(getenv("LISTEN_PID"));
	ck_assert_ptr_null(getenv("LISTEN_FDS"));
	ck_assert_ptr_null(getenv("LISTEN_FDNAMES"));
	return ok;
}

static int take(const char *host, unsigned port)
{
	char text[64];

	snprintf(text, sizeof(text), "%s:%u", host, port);
	return activation_take(text, activation);
}

static char warned[512];

static void on_line(enum log_level level, const char *text, size_t len, void *arg)
{
	(void)level;
	(void)arg;
	snprintf(warned, sizeof(warned), "%.*s", (int)len, text);
}

/* What it says of the one that nobody took. */
static void check_end(const char *words)
{
	log_listen(on_line, NULL);
	activation_free(activation);
	log_listen(NULL, NULL);
	ck_assert_msg(strstr(warned, words) != NULL, "%s: %s", words, warned);
}

static void check_unused(const char *host, unsigned port, const char *name)
{
	char words[128];

	snprintf(words, sizeof(words), "event=socket-unused address=\"%s:%u\" name=\"%s\"", host, port, name);
	check_end(words);
}

START_TEST(none)
{
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	ck_assert(activation_open(&activation, &err));
	ck_assert_int_eq(take("127.0.0.1", 80), -1);
	activation_free(activation);
	ck_assert_int_eq(activation_take("127.0.0.1:80", NULL), -1);
	activation_free(NULL);
}
END_TEST

START_TEST(anothers)
{
	give_v4("127.0.0.1", SOCK_STREAM);
	set_number("LISTEN_PID", getppid());
	set_number("LISTEN_FDS", 1);
	ck_assert(activation_open(&activation, &err));
	ck_assert_ptr_null(getenv("LISTEN_FDS"));
	activation_free(activation);
	ck_assert_int_ne(fcntl(FIRST, F_GETFD), -1); /* not ours: not closed */
}
END_TEST

START_TEST(by_address)
{
	unsigned first = give_v4("127.0.0.1", SOCK_STREAM), second = give_v4("127.0.0.1", SOCK_STREAM);
	unsigned third = give_v6("::1", 1);

	ck_assert_msg(open_all("web:admin:six"), "%s", err.message);
	for (int fd = FIRST; fd < FIRST + 3; fd++) {
		ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
		ck_assert_int_eq(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	}
	ck_assert_int_eq(take("127.0.0.2", first), -1);
	ck_assert_int_eq(take("0.0.0.0", first), -1);
	ck_assert_int_eq(take("127.0.0.1", second), FIRST + 1);
	ck_assert_int_eq(take("127.0.0.1", second), -1); /* once */
	ck_assert_int_eq(take("[::1]", third), FIRST + 2);
	ck_assert_int_eq(activation_take("nonsense", activation), -1);
	check_unused("127.0.0.1", first, "web");
	ck_assert_int_eq(fcntl(FIRST, F_GETFD), -1); /* nobody took it */
	ck_assert_int_ne(fcntl(FIRST + 1, F_GETFD), -1);
}
END_TEST

START_TEST(any_address_of_both_kinds)
{
	unsigned both = give_v6("::", 0), alone = give_v6("::", 1);

	ck_assert(open_all(NULL));
	ck_assert_int_eq(take("0.0.0.0", alone), -1);
	ck_assert_int_eq(take("127.0.0.1", both), -1);
	ck_assert_int_eq(take("0.0.0.0", both), FIRST);
	check_unused("[::]", alone, "unknown");
}
END_TEST

START_TEST(a_unix_socket)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char expected[96];
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	int len = snprintf(address.sun_path + 1, 64, "selfless-test-%d", (int)getpid());

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address,
	                      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len)),
	                 0);
	listen(fd, 8);
	give(fd);
	ck_assert(open_all(NULL));
	snprintf(expected, sizeof(expected), "address=\"unix:@selfless-test-%d\" name=\"unknown\"", (int)getpid());
	check_end(expected);
}
END_TEST

static void check_refused(const char *names, const char *word)
{
	ck_assert(!open_all(names));
	ck_assert_ptr_null(activation);
	ck_assert_msg(strstr(err.message, word) != NULL, "%s", err.message);
}

START_TEST(refused_sockets)
{
	int pipe_fds[2];

	give_v4("127.0.0.1", SOCK_DGRAM);
	check_refused(NULL, "descriptor 3 is no listening stream socket");
	given = 0;
	give(socket(AF_INET, SOCK_STREAM, 0)); /* does not listen */
	check_refused(NULL, "descriptor 3 is no listening stream socket");
	given = 0;
	ck_assert_int_eq(pipe(pipe_fds), 0);
	give(pipe_fds[0]);
	check_refused(NULL, "descriptor 3 is no listening stream socket");
	given = 0;
	give_v4("127.0.0.1", SOCK_STREAM);
	given++; /* one that is not there */
	close(FIRST + 1);
	check_refused(NULL, "LISTEN_FDS is \"2\", LISTEN_FDNAMES is \"\": Bad file descriptor");
}
END_TEST

START_TEST(refused_variables)
{
	static const char *const counts[] = {"", "x", "-1", "1x", "4000000000", "99999999999999999999"};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		set_number("LISTEN_PID", getpid());
		setenv("LISTEN_FDS", counts[i], 1);
		ck_assert(!activation_open(&activation, &err));
		ck_assert_msg(strstr(err.message, "LISTEN_FDS is \"") != NULL, "%s", err.message);
		ck_assert_ptr_null(getenv("LISTEN_FDS"));
		setenv("LISTEN_FDS", "1", 1);
		setenv("LISTEN_PID", counts[i], 1);
		ck_assert(!activation_open(&activation, &err));
		ck_assert_ptr_nonnull(strstr(err.message, "LISTEN_PID is \""));
	}
}
END_TEST

START_TEST(refused_names)
{
	give_v4("127.0.0.1", SOCK_STREAM);
	give_v4("127.0.0.1", SOCK_STREAM);
	check_refused("one", "LISTEN_FDS is \"2\", LISTEN_FDNAMES is \"one\": Invalid argument");
	given = 0;
	give_v4("127.0.0.1", SOCK_STREAM);
	check_refused("one:two", "LISTEN_FDS is \"1\", LISTEN_FDNAMES is \"one:two\": Invalid argument");
}
END_TEST

UNIT_MAIN("activation", none, anothers, by_address, any_address_of_both_kinds, a_unix_socket, refused_sockets,
          refused_variables, refused_names)
