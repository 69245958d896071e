/* listen: nobody is accepted above the limit, nobody is turned away for want of descriptors, and waiting costs nothing. */
#include "orchestrator/wire/listen.h"

#include "common/clock.h"
#include "orchestrator/base/address.h"
#include "orchestrator/base/backoff.h"
#include "tests/unit/orchestrator/wire/pairs.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define MANY 200

static struct event_base *base;
static struct listen *doors;
static char address[32];
static int accepted[MANY];
static int accepted_count;
static int most_in_a_turn, in_this_turn;
static int yielding; /* connections that would be closed for others */
static int strangers;
static struct evconnlistener *lent;

static void on_accept(int fd, const struct sockaddr *peer, void *arg)
{
	ck_assert_ptr_eq(arg, &accepted_count);
	ck_assert_int_eq(peer->sa_family, AF_INET);
	ck_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
	accepted[accepted_count++] = fd;
	if (++in_this_turn > most_in_a_turn)
		most_in_a_turn = in_this_turn;
}

static bool may_yield(void *arg)
{
	(void)arg;
	return yielding > 0;
}

static void leave(int i)
{
	close(accepted[i]);
	accepted[i] = -1;
	listen_count_out(doors);
}

static bool yield(void *arg)
{
	(void)arg;
	yielding--;
	for (int i = 0; i < accepted_count; i++) {
		if (accepted[i] == -1)
			continue;
		leave(i);
		return true;
	}
	return false;
}

static struct listen_settings settings;

/* A port that nobody has. */
static void find_port(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(any);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&any, len), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&any, &len), 0);
	close(fd);
	snprintf(address, sizeof(address), "127.0.0.1:%d", ntohs(any.sin_port));
}

static void open_doors(void)
{
	struct err err;

	doors = listen_new(&settings);
	ck_assert(listen_add(doors, address, &err));
}

static void make(void)
{
	base = loop_new();
	settings = (struct listen_settings){.base = base,
	                                    .key = "listen",
	                                    .backlog = 1024,
	                                    .limit = LISTEN_NO_LIMIT,
	                                    .on_accept = on_accept,
	                                    .may_yield = may_yield,
	                                    .yield = yield,
	                                    .arg = &accepted_count};
	find_port();
}

static void clear(void)
{
	listen_free(doors);
	if (lent != NULL)
		evconnlistener_free(lent); /* as evhttp does */
	event_base_free(base);
}

static struct address parsed(void)
{
	struct address parsed;

	ck_assert(address_parse(address, &parsed));
	return parsed;
}

static int come(void)
{
	struct address to = parsed();
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to.addr, to.len), 0);
	return fd;
}

static void come_many(int count)
{
	for (int i = 0; i < count; i++)
		come();
}

/* From now on this process gets no descriptor more. Returns what undoes it. */
static struct rlimit take_descriptors(void)
{
	struct rlimit before, none;
	int next = dup(0);

	getrlimit(RLIMIT_NOFILE, &before);
	none = (struct rlimit){(rlim_t)next, before.rlim_max};
	close(next);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	return before;
}

/* --- the limit ------------------------------------------------------------------------------------------------- */

START_TEST(all_come_in)
{
	open_doors();
	come_many(3);
	turn(base);
	ck_assert_int_eq(accepted_count, 3);
	ck_assert_uint_eq(listen_count(doors), 3);
}
END_TEST

START_TEST(above_the_limit_they_wait)
{
	settings.limit = 2;
	open_doors();
	come_many(4);
	turn(base);
	ck_assert_int_eq(accepted_count, 2);
	leave(0);
	turn(base);
	ck_assert_int_eq(accepted_count, 3);
	listen_set_limit(doors, 3);
	turn(base);
	ck_assert_int_eq(accepted_count, 4);
	ck_assert_uint_eq(listen_count(doors), 3);
}
END_TEST

START_TEST(above_the_limit_one_yields)
{
	settings.limit = 2;
	open_doors();
	come_many(3);
	turn(base);
	ck_assert_int_eq(accepted_count, 2);
	yielding = 1;
	listen_update(doors);
	turn(base);
	ck_assert_int_eq(accepted_count, 3);
	ck_assert_uint_eq(listen_count(doors), 2);
	ck_assert_int_eq(accepted[0], -1);
}
END_TEST

START_TEST(a_limit_that_sank_makes_several_yield)
{
	open_doors();
	come_many(8);
	turn(base);
	yielding = 7;
	listen_set_limit(doors, 3);
	come();
	turn(base);
	ck_assert_int_eq(accepted_count, 9);
	ck_assert_uint_eq(listen_count(doors), 3);
}
END_TEST

static void on_turn(evutil_socket_t fd, short what, void *other)
{
	(void)fd;
	(void)what;
	in_this_turn = 0;
	if (accepted_count < MANY)
		event_active(*(struct event **)other, EV_TIMEOUT, 0);
}

/* Something else that is due comes between two bursts. */
START_TEST(a_bounded_number_in_a_turn)
{
	struct event *other = loop_event_new(base, LOOP_CLIENTS, -1, EV_PERSIST, on_turn, &other);

	open_doors();
	come_many(MANY);
	event_active(other, EV_TIMEOUT, 0);
	event_base_loop(base, EVLOOP_NONBLOCK);
	ck_assert_int_eq(accepted_count, MANY);
	ck_assert_int_ge(most_in_a_turn, 32);
	ck_assert_int_le(most_in_a_turn, 64);
	event_free(other);
}
END_TEST

START_TEST(stopped_for_good)
{
	open_doors();
	come();
	turn(base);
	listen_stop(doors);
	listen_count_out(doors);
	listen_set_limit(doors, 0);
	listen_set_limit(doors, 10);
	struct address to = parsed();
	ck_assert_int_eq(connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&to.addr, to.len), -1);
	ck_assert_int_eq(errno, ECONNREFUSED);
}
END_TEST

/* --- out of descriptors ---------------------------------------------------------------------------------------- */

START_TEST(without_descriptors_they_wait)
{
	open_doors();
	come();
	struct rlimit before = take_descriptors();
	turn(base);
	ck_assert_int_eq(accepted_count, 0);
	ck_assert_uint_ge(backoff_retries(RETRY_ACCEPT), 1);
	ck_assert_uint_le(backoff_retries(RETRY_ACCEPT), 3); /* it pauses, and does not try in each turn */
	setrlimit(RLIMIT_NOFILE, &before);
	turn_for(base, 900);
	ck_assert_int_eq(accepted_count, 1);
}
END_TEST

/* At 0, 0.1, 0.3 and 0.7 seconds; and after it went well from the beginning again. */
START_TEST(without_descriptors_it_backs_off)
{
	open_doors();
	come();
	struct rlimit before = take_descriptors();
	turn_for(base, 900);
	uint64_t tries = backoff_retries(RETRY_ACCEPT);
	ck_assert(tries >= 2 && tries <= 4);
	setrlimit(RLIMIT_NOFILE, &before);
	turn_for(base, 900);
	ck_assert_int_eq(accepted_count, 1);
	come();
	before = take_descriptors();
	turn(base);
	setrlimit(RLIMIT_NOFILE, &before);
	turn_for(base, 350); /* 0.8 s would be next */
	ck_assert_int_eq(accepted_count, 2);
}
END_TEST

START_TEST(a_descriptor_of_another_is_taken)
{
	open_doors();
	come();
	turn(base);
	come();
	yielding = 1;
	struct rlimit before = take_descriptors();
	turn(base);
	setrlimit(RLIMIT_NOFILE, &before);
	ck_assert_int_eq(accepted_count, 2);
	ck_assert_int_eq(accepted[0], -1);
	ck_assert_uint_eq(backoff_retries(RETRY_ACCEPT), 0);
}
END_TEST

/* The end of the pause does not forget the limit. */
START_TEST(a_pause_ends_at_the_limit)
{
	settings.limit = 1;
	open_doors();
	come();
	turn(base);
	come();
	leave(0);
	struct rlimit before = take_descriptors();
	turn(base);
	setrlimit(RLIMIT_NOFILE, &before);
	listen_set_limit(doors, 0);
	turn_for(base, 200);
	ck_assert_int_eq(accepted_count, 1);
}
END_TEST

/* --- lent ------------------------------------------------------------------------------------------------------ */

static void on_stranger(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *peer, int len, void *arg)
{
	(void)listener;
	(void)fd;
	(void)peer;
	(void)len;
	ck_assert_ptr_eq(arg, &strangers);
	strangers++;
	listen_count_in(doors);
}

static void on_lend(struct evconnlistener *listener, void *arg)
{
	ck_assert_ptr_eq(arg, &accepted_count);
	lent = listener;
	evconnlistener_set_cb(listener, on_stranger, &strangers);
}

START_TEST(others_accept_up_to_the_limit)
{
	settings.on_lend = on_lend;
	settings.limit = 2;
	open_doors();
	come_many(4);
	turn(base);
	ck_assert_int_eq(strangers, 2);
	turn_for(base, 1200); /* the timer that ends pauses does not lift the limit */
	ck_assert_int_eq(strangers, 2);
	listen_count_out(doors);
	turn(base);
	ck_assert_int_eq(strangers, 3);
}
END_TEST

START_TEST(others_are_stopped_for_good)
{
	settings.on_lend = on_lend;
	open_doors();
	listen_stop(doors);
	come();
	turn_for(base, 1200);
	ck_assert_int_eq(strangers, 0);
}
END_TEST

START_TEST(others_pause_without_descriptors)
{
	settings.on_lend = on_lend;
	open_doors();
	come();
	struct rlimit before = take_descriptors();
	turn(base);
	ck_assert_int_eq(strangers, 0);
	setrlimit(RLIMIT_NOFILE, &before);
	turn_for(base, 1200);
	ck_assert_int_eq(strangers, 1);
}
END_TEST

/* --- opening --------------------------------------------------------------------------------------------------- */

static int inherited_fd;

static int inherited(const char *text, void *arg)
{
	ck_assert_str_eq(text, address);
	ck_assert_ptr_eq(arg, &inherited_fd);
	return inherited_fd;
}

START_TEST(a_socket_that_was_handed_over)
{
	struct address at = parsed();

	inherited_fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(inherited_fd, (struct sockaddr *)&at.addr, at.len), 0);
	ck_assert_int_eq(listen(inherited_fd, 8), 0);
	set_nonblocking(inherited_fd);
	settings.inherited = inherited;
	settings.inherited_arg = &inherited_fd;
	open_doors();
	come();
	turn(base);
	ck_assert_int_eq(accepted_count, 1);
}
END_TEST

START_TEST(a_socket_that_listens_already)
{
	struct address at = parsed();
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at.addr, at.len), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	doors = listen_new(&settings);
	listen_add_socket(doors, fd);
	come();
	turn(base);
	ck_assert_int_eq(accepted_count, 1);
}
END_TEST

START_TEST(an_address_that_is_taken)
{
	struct err err;

	open_doors();
	struct listen *second = listen_new(&settings);
	ck_assert(!listen_add(second, address, &err));
	ck_assert_int_eq(err.code, EADDRINUSE);
	ck_assert_ptr_nonnull(strstr(err.message, "listen: cannot serve on "));
	ck_assert_ptr_nonnull(strstr(err.message, "choose another port with \"listen\""));
	ck_assert(!listen_add(second, "here", &err));
	ck_assert_ptr_nonnull(strstr(err.message, "\"here\" is no ADDRESS:PORT"));
	listen_free(second);
}
END_TEST

/* Two kinds of addresses, one limit: what leaves by one lets in at the other. */
START_TEST(two_share_a_limit)
{
	struct err err;
	char first[sizeof(address)];
	struct listen *second;

	settings.limit = 2;
	open_doors();
	memcpy(first, address, sizeof(first));
	find_port();
	settings.with = doors;
	second = listen_new(&settings);
	ck_assert(listen_add(second, address, &err));
	come_many(2);
	turn(base);
	ck_assert_int_eq(accepted_count, 2);
	memcpy(address, first, sizeof(first));
	come();
	turn(base);
	ck_assert_int_eq(accepted_count, 2);
	ck_assert_uint_eq(listen_count(second), 2);
	leave(0);
	turn(base);
	ck_assert_int_eq(accepted_count, 3);
	listen_set_limit(second, 3);
	come();
	turn(base);
	ck_assert_int_eq(accepted_count, 4);
	listen_free(second);
	leave(1);
	turn(base);
	ck_assert_uint_eq(listen_count(doors), 2);
}
END_TEST

START_TEST(no_faster_than_its_pace)
{
	settings.per_s = 100;
	open_doors();
	come_many(40);
	turn(base);
	ck_assert_int_ge(accepted_count, 10); /* a tenth of a second's at once */
	ck_assert_int_lt(accepted_count, 25);
	int64_t began_us = clock_us();
	while (accepted_count < 40)
		event_base_loop(base, EVLOOP_ONCE);
	ck_assert_int_ge(clock_us() - began_us, 100000);
	listen_set_pace(doors, 0);
	come_many(40);
	turn(base);
	ck_assert_int_eq(accepted_count, 80);
}
END_TEST

UNIT_MAIN_WITH("listen", make, clear, two_share_a_limit, no_faster_than_its_pace, all_come_in,
               above_the_limit_they_wait, above_the_limit_one_yields, a_limit_that_sank_makes_several_yield,
               a_bounded_number_in_a_turn, stopped_for_good, without_descriptors_they_wait,
               without_descriptors_it_backs_off, a_descriptor_of_another_is_taken, a_pause_ends_at_the_limit,
               others_accept_up_to_the_limit, others_pause_without_descriptors, others_are_stopped_for_good,
               a_socket_that_was_handed_over, a_socket_that_listens_already, an_address_that_is_taken)
