/* pairs: two connected sockets, and the loop turned for a while. */
#pragma once

#include "orchestrator/base/loop.h"

#include <check.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static inline void set_nonblocking(int fd)
{
	ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
}

static inline void pair_unix(int pair[2])
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
}

/* Over loopback: a reset is told as one. */
static inline void pair_tcp(int pair[2])
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(address);
	int listening = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(bind(listening, (struct sockaddr *)&address, len), 0);
	ck_assert_int_eq(listen(listening, 1), 0);
	ck_assert_int_eq(getsockname(listening, (struct sockaddr *)&address, &len), 0);
	pair[0] = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(pair[0], (struct sockaddr *)&address, len), 0);
	pair[1] = accept(listening, NULL, NULL);
	ck_assert_int_ne(pair[1], -1);
	close(listening);
	set_nonblocking(pair[0]);
	set_nonblocking(pair[1]);
}

/* All that is due, and what that brings at once. */
static inline void turn(struct event_base *base)
{
	for (int i = 0; i < 10; i++) {
		event_base_loop(base, EVLOOP_NONBLOCK);
		poll(NULL, 0, 1);
	}
}

/* As long as that takes. */
static inline void turn_for(struct event_base *base, int ms)
{
	struct timeval until = {ms / 1000, ms % 1000 * 1000};

	event_base_loopexit(base, &until);
	event_base_dispatch(base);
}
