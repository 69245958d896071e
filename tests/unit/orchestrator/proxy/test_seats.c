/* seats: everybody gets one, in order of arrival; who leaves early or is turned away takes nothing with him. */
#include "orchestrator/proxy/seats.h"

#include "tests/unit/unit.h"

#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define GUESTS 500
#define TURNS 100
#define STRANGERS 200

struct visitor {
	struct guest guest;
	int seated; /* how many were seated before, and this one; 0: not yet */
	bool leaves_at_once;
};

static struct event_base *base;
static struct defer *defer;
static struct seats *seats;
static struct visitor visitors[GUESTS];
static int seated_count;

static void on_seated(struct guest *guest)
{
	struct visitor *visitor = (struct visitor *)((char *)guest - offsetof(struct visitor, guest));

	ck_assert_int_eq(visitor->seated, 0);
	visitor->seated = ++seated_count;
	if (visitor->leaves_at_once)
		seats_leave(seats, guest);
}

static void turn(int turns)
{
	for (int i = 0; i < turns; i++) {
		event_base_loop(base, EVLOOP_NONBLOCK);
		poll(NULL, 0, 1);
	}
}

static void make(void)
{
	struct err err;

	memset(visitors, 0, sizeof(visitors));
	seated_count = 0;
	base = event_base_new();
	defer = defer_new(base);
	ck_assert(seats_new(base, defer, on_seated, &seats, &err));
}

static void clear(void)
{
	for (int i = 0; i < GUESTS; i++)
		seats_leave(seats, &visitors[i].guest);
	seats_free(seats);
	defer_free(defer);
	event_base_free(base);
}

START_TEST(first_ones_are_there)
{
	turn(TURNS);
	seats_take(seats, &visitors[0].guest);
	ck_assert_int_eq(visitors[0].seated, 1); /* before the call returned */
}
END_TEST

START_TEST(many_in_order)
{
	for (int i = 0; i < GUESTS; i++)
		seats_take(seats, &visitors[i].guest);
	turn(TURNS);
	for (int i = 0; i < GUESTS; i++)
		ck_assert_int_eq(visitors[i].seated, i + 1);
}
END_TEST

START_TEST(a_seat_is_used_again_and_again)
{
	turn(TURNS);
	for (int round = 0; round < 1000; round++) {
		visitors[0].seated = 0;
		visitors[0].leaves_at_once = round % 2 == 0;
		seats_take(seats, &visitors[0].guest);
		ck_assert_int_eq(visitors[0].seated, round + 1);
		seats_leave(seats, &visitors[0].guest);
	}
}
END_TEST

START_TEST(who_leaves_while_waiting_is_not_seated)
{
	for (int i = 0; i < 3; i++)
		seats_take(seats, &visitors[i].guest);
	seats_leave(seats, &visitors[1].guest);
	seats_leave(seats, &visitors[1].guest); /* twice does nothing */
	turn(TURNS);
	ck_assert_int_eq(visitors[0].seated, 1);
	ck_assert_int_eq(visitors[1].seated, 0);
	ck_assert_int_eq(visitors[2].seated, 2);
}
END_TEST

static int open_descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < 2048; fd++)
		count += fcntl(fd, F_GETFD) != -1;
	return count;
}

START_TEST(seats_hold_no_descriptors)
{
	int before = open_descriptors();

	for (int i = 0; i < GUESTS; i++)
		seats_take(seats, &visitors[i].guest);
	turn(TURNS);
	ck_assert_int_eq(seated_count, GUESTS);
	ck_assert_int_eq(open_descriptors(), before);
}
END_TEST

static struct rlimit limit;

/* How many seats there are: no more can be made. */
static int take_all_without_descriptors(void)
{
	getrlimit(RLIMIT_NOFILE, &limit);
	struct rlimit none = {3, limit.rlim_max};
	setrlimit(RLIMIT_NOFILE, &none);
	for (int i = 0; i < GUESTS; i++)
		seats_take(seats, &visitors[i].guest);
	turn(TURNS);
	return seated_count;
}

START_TEST(without_descriptors)
{
	turn(TURNS);
	int there = take_all_without_descriptors();
	ck_assert_int_gt(there, 0);
	ck_assert_int_lt(there, GUESTS);
	seats_leave(seats, &visitors[0].guest); /* the seats go round */
	turn(1);
	ck_assert_int_eq(seated_count, there + 1);
	setrlimit(RLIMIT_NOFILE, &limit); /* and more are made once that can be */
	turn(4 * TURNS);
	ck_assert_int_eq(seated_count, GUESTS);
}
END_TEST

/* The one listening unix socket of this process. */
static socklen_t find_listener(struct sockaddr_un *address)
{
	for (int fd = 0; fd < 1024; fd++) {
		int listens = 0;
		socklen_t len = sizeof(*address), size = sizeof(listens);
		if (getsockname(fd, (struct sockaddr *)address, &len) == 0 && address->sun_family == AF_UNIX &&
		    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens)
			return len;
	}
	ck_abort_msg("no listener");
	return 0;
}

/* Another process: 0 where it could connect, and then got nothing but the connection's end. */
static int knock(const struct sockaddr_un *address, socklen_t len)
{
	static const char text[] = "GET / HTTP/1.1\r\n\r\n";
	char byte;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (connect(fd, (const struct sockaddr *)address, len) != 0 || write(fd, text, sizeof(text) - 1) < 0)
		return 1;
	return read(fd, &byte, 1) > 0 ? 2 : 0;
}

START_TEST(strangers_are_turned_away)
{
	struct sockaddr_un address;
	int status = -1;

	turn(TURNS);
	socklen_t len = find_listener(&address);
	pid_t pid = fork();
	if (pid == 0) {
		for (int i = 0; i < STRANGERS && status <= 0; i++)
			status = knock(&address, len);
		_exit(status);
	}
	for (int i = 0; i < TURNS && waitpid(pid, &status, WNOHANG) == 0; i++)
		turn(10);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(seated_count, 0);
	int there = take_all_without_descriptors();
	setrlimit(RLIMIT_NOFILE, &limit);
	ck_assert_int_gt(there, 0);
	ck_assert_int_lt(there, STRANGERS);
}
END_TEST

UNIT_MAIN_WITH("seats", make, clear, first_ones_are_there, many_in_order, a_seat_is_used_again_and_again,
               who_leaves_while_waiting_is_not_seated, seats_hold_no_descriptors, without_descriptors,
               strangers_are_turned_away)
