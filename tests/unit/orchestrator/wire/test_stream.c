/* stream: its owner is told of every byte once, whatever waits in the socket or inside; a whole end and a cut are told apart. */
#include "orchestrator/wire/stream.h"

#include "tests/unit/orchestrator/wire/pairs.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#define ROOM 65536
#define HELD 4096
#define PIECE 3
#define LONG 1000

/* --- a kind that takes all there is off the socket, and hands it out in pieces --------------------------------- */

struct held {
	char bytes[HELD];
	size_t len, at;
	bool write_wants_read, read_wants_write; /* the next call says so, and gives nothing */
	bool unfinished;                         /* what is held is no record yet, as it were */
	int closed_how;
};

static ssize_t held_read(struct stream *stream, void *to, size_t room)
{
	struct held *held = stream->inner;

	if (held->at == held->len) {
		ssize_t got = recv(stream->fd, held->bytes, sizeof(held->bytes), 0);
		if (got <= 0)
			return got;
		held->len = (size_t)got;
		held->at = 0;
	}
	held->unfinished = held->read_wants_write;
	if (held->unfinished) {
		held->read_wants_write = false;
		stream->read_wants_write = true;
		errno = EAGAIN;
		return -1;
	}
	size_t some = held->len - held->at < PIECE ? held->len - held->at : PIECE;
	some = some < room ? some : room;
	memcpy(to, held->bytes + held->at, some);
	held->at += some;
	return (ssize_t)some;
}

static ssize_t held_write(struct stream *stream, const struct iovec *iov, int count)
{
	struct held *held = stream->inner;

	if (!held->write_wants_read)
		return stream_plain.write(stream, iov, count);
	held->write_wants_read = false;
	stream->write_wants_read = true;
	errno = EAGAIN;
	return -1;
}

static bool held_pending(const struct stream *stream)
{
	const struct held *held = stream->inner;

	return held->at < held->len && !held->unfinished;
}

static void held_close(struct stream *stream, enum stream_end how)
{
	((struct held *)stream->inner)->closed_how = (int)how;
}

static void held_end_writing(struct stream *stream)
{
	stream_plain.end_writing(stream);
}

static const struct stream_kind in_pieces = {.name = "pieces",
                                             .read = held_read,
                                             .write = held_write,
                                             .pending = held_pending,
                                             .end_writing = held_end_writing,
                                             .close = held_close};

/* --- an owner that keeps what it is told ----------------------------------------------------------------------- */

struct owner {
	struct stream stream;
	char got[ROOM];
	size_t got_len;
	size_t room;  /* of one read */
	int reads;    /* in one callback, then later */
	int pause_at; /* pauses when so many bytes have come; 0: never */
	bool close_when_readable, close_when_writable;
	int readable, writable; /* callbacks */
	bool ended, closed;     /* a read gave 0; EV_CLOSED was told */
	int problem;
	struct iovec out;
};

static struct event_base *base;
static struct held held;
static struct owner owner;
static int fds[2];

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct owner *self = arg;

	ck_assert_int_eq(fd, self->stream.fd);
	self->readable++;
	self->closed |= (what & EV_CLOSED) != 0;
	if (self->close_when_readable) {
		stream_close(&self->stream, STREAM_WHOLE);
		return;
	}
	for (int i = 0; i < self->reads; i++) {
		ssize_t got = stream_read(&self->stream, self->got + self->got_len, self->room);
		if (got == -1 && errno != EAGAIN)
			self->problem = errno;
		self->ended |= got == 0;
		if (got <= 0)
			return;
		self->got_len += (size_t)got;
		if (self->pause_at > 0 && self->got_len >= (size_t)self->pause_at) {
			stream_pause(&self->stream);
			return;
		}
		if ((what & EV_CLOSED) == 0 && stream_is_drained(&self->stream, got, self->room))
			return;
	}
	stream_read_later(&self->stream);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct owner *self = arg;

	(void)what;
	ck_assert_int_eq(fd, self->stream.fd);
	self->writable++;
	if (self->close_when_writable) {
		stream_close(&self->stream, STREAM_WHOLE);
		return;
	}
	if (self->out.iov_len == 0)
		return;
	ssize_t put = stream_write(&self->stream, &self->out, 1);
	if (put > 0) {
		self->out.iov_base = (char *)self->out.iov_base + put;
		self->out.iov_len -= (size_t)put;
	}
	if (self->out.iov_len > 0)
		stream_wait_writable(&self->stream);
}

static const struct stream_owner calls = {on_readable, on_writable};

static void open_as(const struct stream_kind *kind)
{
	stream_open(&owner.stream,
	            &(struct stream_socket){
	                    .base = base, .priority = LOOP_CLIENTS, .fd = fds[0], .kind = kind, .inner = &held},
	            &calls, &owner);
	stream_resume(&owner.stream);
}

static void make(void)
{
	base = loop_new();
	pair_tcp(fds);
	memset(&owner, 0, sizeof(owner));
	memset(&held, 0, sizeof(held));
	held.closed_how = -1;
	owner.room = 64;
	owner.reads = 4;
}

static void clear(void)
{
	stream_close(&owner.stream, STREAM_WHOLE);
	close(fds[1]);
	event_base_free(base);
}

static void peer_says(const char *text, size_t len)
{
	ck_assert_int_eq(send(fds[1], text, len, MSG_NOSIGNAL), (ssize_t)len);
}

static void check_got(const char *text, size_t len)
{
	ck_assert_uint_eq(owner.got_len, len);
	ck_assert(memcmp(owner.got, text, len) == 0);
}

/* len bytes, each other than its neighbours. */
static const char *long_text(void)
{
	static char text[LONG];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('!' + i % 90);
	return text;
}

/* --- reading --------------------------------------------------------------------------------------------------- */

START_TEST(what_comes_is_told_each_time)
{
	open_as(&stream_plain);
	turn(base);
	ck_assert_int_eq(owner.readable, 0);
	peer_says("one", 3);
	turn(base);
	check_got("one", 3);
	peer_says("two", 3);
	turn(base);
	check_got("onetwo", 6);
	ck_assert_int_eq(owner.readable, 2);
}
END_TEST

START_TEST(one_that_stops_is_told_later)
{
	open_as(&stream_plain);
	owner.room = 10;
	peer_says(long_text(), LONG);
	turn(base);
	while (owner.got_len < LONG) {
		size_t before = owner.got_len;
		turn(base);
		ck_assert_uint_gt(owner.got_len, before);
	}
	check_got(long_text(), LONG);
}
END_TEST

/* The socket is empty after the first read: nobody but the stream knows of the rest. */
START_TEST(what_waits_inside_is_told_later)
{
	open_as(&in_pieces);
	peer_says(long_text(), LONG);
	turn_for(base, 100);
	check_got(long_text(), LONG);
	ck_assert_int_ge(owner.readable, LONG / PIECE / owner.reads);
}
END_TEST

START_TEST(what_waits_inside_is_told_after_a_pause)
{
	open_as(&in_pieces);
	owner.pause_at = 1;
	peer_says(long_text(), LONG);
	turn(base);
	ck_assert_uint_eq(owner.got_len, PIECE);
	turn(base);
	ck_assert_int_eq(owner.readable, 1);
	owner.pause_at = 0;
	stream_resume(&owner.stream);
	ck_assert_int_eq(owner.readable, 1); /* never from within a call */
	turn_for(base, 100);
	check_got(long_text(), LONG);
}
END_TEST

START_TEST(a_short_read_says_nothing_of_what_is_inside)
{
	open_as(&in_pieces);
	ck_assert(!stream_is_drained(&owner.stream, PIECE, 64));
	stream_close(&owner.stream, STREAM_WHOLE);
	pair_tcp(fds);
	open_as(&stream_plain);
	ck_assert(stream_is_drained(&owner.stream, 63, 64));
	ck_assert(!stream_is_drained(&owner.stream, 64, 64));
}
END_TEST

START_TEST(what_comes_in_a_pause_is_told_after_it)
{
	open_as(&stream_plain);
	stream_pause(&owner.stream);
	stream_pause(&owner.stream);
	peer_says("one", 3);
	turn(base);
	ck_assert_int_eq(owner.readable, 0);
	stream_resume(&owner.stream);
	stream_resume(&owner.stream);
	turn(base);
	check_got("one", 3);
}
END_TEST

START_TEST(the_end_is_told)
{
	open_as(&stream_plain);
	peer_says("last", 4);
	shutdown(fds[1], SHUT_WR);
	turn(base);
	check_got("last", 4);
	ck_assert(owner.ended && owner.closed);
	ck_assert_int_eq(owner.problem, 0);
}
END_TEST

START_TEST(a_reset_is_told)
{
	struct linger reset = {.l_onoff = 1};

	open_as(&stream_plain);
	setsockopt(fds[1], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(fds[1]);
	turn(base);
	ck_assert(!owner.ended);
	ck_assert_int_eq(owner.problem, ECONNRESET);
}
END_TEST

START_TEST(a_look_takes_nothing)
{
	open_as(&in_pieces);
	stream_pause(&owner.stream);
	ck_assert_int_eq(stream_peek(&owner.stream), -1);
	ck_assert_int_eq(errno, EAGAIN);
	peer_says("12345", 5);
	poll(&(struct pollfd){fds[0], POLLIN, 0}, 1, 1000);
	ck_assert_int_eq(stream_peek(&owner.stream), 1);
	ck_assert_int_eq(stream_read(&owner.stream, owner.got, 64), PIECE);
	ck_assert_int_eq(stream_peek(&owner.stream), 1); /* inside; the socket is empty */
	ck_assert_int_eq(stream_read(&owner.stream, owner.got, 64), 5 - PIECE);
	ck_assert_int_eq(stream_peek(&owner.stream), -1);
	shutdown(fds[1], SHUT_WR);
	poll(&(struct pollfd){fds[0], POLLIN, 0}, 1, 1000);
	ck_assert_int_eq(stream_peek(&owner.stream), 0);
}
END_TEST

/* --- writing --------------------------------------------------------------------------------------------------- */

static size_t drain(char *to, size_t room)
{
	size_t all = 0;
	ssize_t got;

	while ((got = recv(fds[1], to + all, room - all, 0)) > 0)
		all += (size_t)got;
	return all;
}

/* EAGAIN comes in the middle of the second part. */
START_TEST(a_vector_that_does_not_fit_goes_on)
{
	enum { HEAD = 1000, BODY = 8000000 };
	char *whole = malloc(HEAD + BODY), *read = malloc(HEAD + BODY);
	struct iovec iov[2] = {{whole, HEAD}, {whole + HEAD, BODY}};
	size_t all = 0;

	for (size_t i = 0; i < HEAD + BODY; i++)
		whole[i] = (char)(i * 31 >> 3);
	open_as(&stream_plain);
	ssize_t put = stream_write(&owner.stream, iov, 2);
	ck_assert(put > HEAD && put < HEAD + BODY);
	owner.out = (struct iovec){whole + put, (size_t)(HEAD + BODY - put)};
	ck_assert_int_eq(stream_write(&owner.stream, &owner.out, 1), -1);
	ck_assert_int_eq(errno, EAGAIN);
	stream_wait_writable(&owner.stream);
	turn(base);
	ck_assert_int_eq(owner.writable, 0);
	for (int i = 0; i < 1000 && all < HEAD + BODY; i++) {
		all += drain(read + all, HEAD + BODY - all);
		turn(base);
	}
	ck_assert_uint_eq(all, HEAD + BODY);
	ck_assert(memcmp(whole, read, HEAD + BODY) == 0);
	ck_assert_int_gt(owner.writable, 0);
	free(whole);
	free(read);
}
END_TEST

START_TEST(writable_is_told_once)
{
	open_as(&stream_plain);
	stream_wait_writable(&owner.stream);
	turn(base);
	turn(base);
	ck_assert_int_eq(owner.writable, 1);
	stream_wait_writable(&owner.stream);
	turn(base);
	ck_assert_int_eq(owner.writable, 2);
}
END_TEST

/* As TLS may, when the peer changes its keys. */
START_TEST(a_write_that_wants_bytes_waits_for_them)
{
	owner.out = (struct iovec){(char *)(uintptr_t) "hello", 5};
	open_as(&in_pieces);
	held.write_wants_read = true;
	ck_assert_int_eq(stream_write(&owner.stream, &owner.out, 1), -1);
	stream_wait_writable(&owner.stream);
	turn(base);
	ck_assert_int_eq(owner.writable, 0);
	peer_says("keys", 4);
	turn(base);
	ck_assert_int_eq(owner.writable, 1);
	ck_assert_uint_eq(owner.out.iov_len, 0);
	check_got("keys", 4);
}
END_TEST

START_TEST(a_write_that_wants_bytes_gets_them_in_a_pause)
{
	owner.out = (struct iovec){(char *)(uintptr_t) "hello", 5};
	open_as(&in_pieces);
	stream_pause(&owner.stream);
	held.write_wants_read = true;
	ck_assert_int_eq(stream_write(&owner.stream, &owner.out, 1), -1);
	stream_wait_writable(&owner.stream);
	peer_says("keys", 4);
	turn(base);
	ck_assert_int_eq(owner.writable, 1);
	ck_assert_int_eq(owner.readable, 0);
	peer_says("more", 4);
	turn(base);
	ck_assert_int_eq(owner.readable, 0);
	stream_resume(&owner.stream);
	turn(base);
	check_got("keysmore", 8);
}
END_TEST

START_TEST(a_read_that_wants_to_write_goes_on_when_it_can)
{
	open_as(&in_pieces);
	stream_wait_writable(&owner.stream);
	turn(base);
	ck_assert_int_eq(owner.writable, 1);
	held.read_wants_write = true;
	peer_says("bytes", 5);
	turn(base);
	check_got("bytes", 5);
	ck_assert_int_ge(owner.readable, 2);
	ck_assert_int_eq(owner.writable, 1); /* nobody wanted to write any more */
}
END_TEST

START_TEST(a_read_that_wants_to_write_goes_on_after_a_pause)
{
	open_as(&in_pieces);
	held.read_wants_write = true;
	peer_says("bytes", 5);
	for (int i = 0; i < 100 && owner.readable == 0; i++)
		event_base_loop(base, EVLOOP_ONCE);
	stream_pause(&owner.stream);
	turn(base);
	ck_assert_uint_eq(owner.got_len, 0);
	stream_resume(&owner.stream);
	turn(base);
	check_got("bytes", 5);
}
END_TEST

/* --- ends ------------------------------------------------------------------------------------------------------ */

static ssize_t peer_hears(void)
{
	char byte;

	ck_assert_int_eq(poll(&(struct pollfd){fds[1], POLLIN, 0}, 1, 1000), 1);
	return recv(fds[1], &byte, 1, 0);
}

START_TEST(a_whole_end_is_an_end)
{
	open_as(&in_pieces);
	stream_close(&owner.stream, STREAM_WHOLE);
	ck_assert(!stream_is_open(&owner.stream));
	ck_assert_int_eq(held.closed_how, STREAM_WHOLE);
	ck_assert_int_eq(peer_hears(), 0);
	stream_close(&owner.stream, STREAM_CUT);
	ck_assert_int_eq(held.closed_how, STREAM_WHOLE);
}
END_TEST

START_TEST(a_cut_is_a_reset)
{
	open_as(&in_pieces);
	stream_close(&owner.stream, STREAM_CUT);
	ck_assert_int_eq(held.closed_how, STREAM_CUT);
	ck_assert_int_eq(peer_hears(), -1);
	ck_assert_int_eq(errno, ECONNRESET);
}
END_TEST

START_TEST(ended_writing_goes_on_reading)
{
	open_as(&stream_plain);
	stream_end_writing(&owner.stream);
	ck_assert_int_eq(peer_hears(), 0);
	peer_says("still", 5);
	turn(base);
	check_got("still", 5);
}
END_TEST

START_TEST(the_error_of_a_socket_is_told)
{
	struct linger reset = {.l_onoff = 1};

	open_as(&stream_plain);
	ck_assert_int_eq(stream_error(&owner.stream), 0);
	setsockopt(fds[1], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(fds[1]);
	poll(&(struct pollfd){fds[0], POLLIN, 0}, 1, 1000);
	ck_assert_int_eq(stream_error(&owner.stream), ECONNRESET);
}
END_TEST

START_TEST(nothing_is_told_after_the_end)
{
	open_as(&stream_plain);
	stream_wait_writable(&owner.stream);
	peer_says("late", 4);
	poll(&(struct pollfd){fds[0], POLLIN, 0}, 1, 1000);
	stream_close(&owner.stream, STREAM_WHOLE);
	turn(base);
	ck_assert_int_eq(owner.readable + owner.writable, 0);
}
END_TEST

/* Both callbacks would come of one event. */
START_TEST(closing_in_the_first_of_two_calls)
{
	open_as(&in_pieces);
	owner.close_when_writable = true;
	held.write_wants_read = true;
	stream_write(&owner.stream, &(struct iovec){(char *)(uintptr_t) "hello", 5}, 1);
	stream_wait_writable(&owner.stream);
	peer_says("keys", 4);
	turn(base);
	ck_assert_int_eq(owner.writable, 1);
	ck_assert_int_eq(owner.readable, 0);
}
END_TEST

START_TEST(moved_to_another_owner)
{
	static struct owner other;

	memset(&other, 0, sizeof(other));
	other.room = 64;
	other.reads = 4;
	open_as(&in_pieces);
	owner.pause_at = 1;
	stream_wait_writable(&owner.stream);
	peer_says("12345", 5);
	turn(base);
	int writable = owner.writable;
	stream_wait_writable(&owner.stream);
	stream_move(&other.stream, &owner.stream, &calls, &other);
	ck_assert(!stream_is_open(&owner.stream));
	turn(base);
	ck_assert_uint_eq(other.got_len, 0);
	ck_assert_int_eq(owner.writable, writable);
	stream_resume(&other.stream);
	turn(base);
	ck_assert_uint_eq(other.got_len, 5 - PIECE);
	stream_close(&other.stream, STREAM_WHOLE);
	ck_assert_int_eq(peer_hears(), 0);
}
END_TEST

UNIT_MAIN_WITH("stream", make, clear, what_comes_is_told_each_time, one_that_stops_is_told_later,
               what_waits_inside_is_told_later, what_waits_inside_is_told_after_a_pause,
               a_short_read_says_nothing_of_what_is_inside, what_comes_in_a_pause_is_told_after_it, the_end_is_told,
               a_reset_is_told, a_look_takes_nothing, a_vector_that_does_not_fit_goes_on, writable_is_told_once,
               a_write_that_wants_bytes_waits_for_them, a_write_that_wants_bytes_gets_them_in_a_pause,
               a_read_that_wants_to_write_goes_on_when_it_can, a_read_that_wants_to_write_goes_on_after_a_pause,
               a_whole_end_is_an_end, a_cut_is_a_reset, ended_writing_goes_on_reading, the_error_of_a_socket_is_told,
               nothing_is_told_after_the_end, closing_in_the_first_of_two_calls, moved_to_another_owner)
