/* stream: one connected socket, whatever its bytes are wrapped in: told when it may be read or written, read, written,
 * paused, closed.
 *
 * A kind is a row of functions: stream_plain, or one that encrypts. The plain one is dispatched inline and costs what the
 * system calls cost. It knows nothing of what the bytes mean, and has no deadlines.
 *
 * Edge-triggered: the owner is told once of what has come, and reads until a read says EAGAIN, or until stream_is_drained;
 * where it stops earlier it pauses, or asks with stream_read_later to be told again. That holds for what waits inside a
 * kind, too, of which the socket will say nothing.
 *
 * Ownership: embedded in its owner's struct; all zero is closed. Its memory must stay until no callback of it is on the stack (see defer).
 * Callbacks come from the loop, never from within a call, and none after stream_close. All calls but stream_close want a
 * stream that is open.
 */
#pragma once

#include "orchestrator/base/loop.h"

#include <errno.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/uio.h>

struct stream;

/* How what we send ends. */
enum stream_end {
	STREAM_WHOLE, /* the peer may take what it got for all */
	STREAM_CUT,   /* it must not: the connection is reset, and nothing says that this is the end */
};

struct stream_kind {
	const char *name; /* for logs */
	/* As recv: how many bytes, 0 at the peer's orderly end, -1 with errno, never EINTR. Where it says EAGAIN and waits for
	 * the socket to take bytes, it sets stream->read_wants_write. */
	ssize_t (*read)(struct stream *stream, void *to, size_t room);
	/* As writev: how many bytes were taken, -1 with errno, never EINTR. Where it says EAGAIN and waits for bytes of the
	 * peer, it sets stream->write_wants_read. */
	ssize_t (*write)(struct stream *stream, const struct iovec *iov, int count);
	/* Would read give bytes, though the socket had none more? Asked where its owner has stopped reading. */
	bool (*pending)(const struct stream *stream);
	/* Nothing more is sent, and the peer is told so; what it sends can be read all the same. */
	void (*end_writing)(struct stream *stream);
	/* Frees what is inside. WHOLE tells the peer of the end, unless end_writing has. The socket is closed by stream_close. */
	void (*close)(struct stream *stream, enum stream_end how);
};

extern const struct stream_kind stream_plain;

/* Both as libevent calls them: (descriptor, EV_READ or EV_WRITE, arg of stream_open). what of on_readable has EV_CLOSED, too,
 * where the peer's end has come. */
struct stream_owner {
	event_callback_fn on_readable;
	event_callback_fn on_writable; /* once for each stream_wait_writable */
};

struct stream {
	const struct stream_kind *kind; /* NULL: closed */
	void *inner;                    /* the kind's */
	const struct stream_owner *owner;
	void *arg;
	struct event *writable; /* NULL until first needed */
	int fd;
	bool paused;                             /* on_readable is not called */
	bool read_wants_write, write_wants_read; /* set by the kind, cleared before each of its calls */
	bool write_waits;                        /* on_writable is wanted; not kept for plain ones */
	struct event readable;
};

struct stream_socket {
	struct event_base *base;
	enum loop_priority priority;
	int fd; /* connected or connecting, non-blocking */
	const struct stream_kind *kind;
	void *inner; /* the kind's; NULL for plain */
};

/* Takes the socket over. The stream is paused at first. owner: static. */
void stream_open(struct stream *stream, const struct stream_socket *socket, const struct stream_owner *owner,
                 void *arg);

/* The same connection from now on belongs to another owner: `to` is opened with what `from` had, which counts as closed.
 * It is paused at first. */
void stream_move(struct stream *to, struct stream *from, const struct stream_owner *owner, void *arg);

/* The end. Harmless for one that is closed. */
void stream_close(struct stream *stream, enum stream_end how);

/* The end, but for the plain stream's socket, which is the caller's from now on. */
int stream_detach(struct stream *stream);

static inline bool stream_is_open(const struct stream *stream)
{
	return stream->kind != NULL;
}

/* --- reading --------------------------------------------------------------------------------------------------- */

/* What stream_read does for kinds that are not plain. */
ssize_t stream_read_inside(struct stream *stream, void *to, size_t room);

/* How many bytes, 0 at the peer's end, -1 with errno: EAGAIN, and on_readable follows; all else, and nothing more comes. */
static inline ssize_t stream_read(struct stream *stream, void *to, size_t room)
{
	ssize_t got;

	if (stream->kind != &stream_plain)
		return stream_read_inside(stream, to, room);
	do
		got = recv(stream->fd, to, room, 0);
	while (got == -1 && errno == EINTR);
	return got;
}

/* got: what stream_read just gave for this room. True: nothing was left, so the next read would say EAGAIN, but for an
 * end or a reset that came along (EV_CLOSED tells of the first, nothing but a read of the second). */
static inline bool stream_is_drained(const struct stream *stream, ssize_t got, size_t room)
{
	return stream->kind == &stream_plain && (size_t)got < room;
}

/* There may be more than was read: on_readable is called again when others have had their turn. */
void stream_read_later(struct stream *stream);

/* No on_readable until stream_resume, which tells of what came meanwhile. */
void stream_pause(struct stream *stream);
void stream_resume(struct stream *stream);

/* As stream_read of one byte that stays where it is. A kind that is not plain may tell of bytes where only its own have
 * come. */
ssize_t stream_peek(const struct stream *stream);

/* The socket's error, 0 if there is none: how a connect ended, whether a peer that ended its side has left since. */
int stream_error(const struct stream *stream);

/* --- writing --------------------------------------------------------------------------------------------------- */

/* What stream_write does: for plain streams, and for the others. */
ssize_t stream_write_plain(struct stream *stream, const struct iovec *iov, int count);
ssize_t stream_write_inside(struct stream *stream, const struct iovec *iov, int count);

/* How many bytes were taken, maybe fewer than there are; -1 with errno: EAGAIN, then stream_wait_writable; all else, and
 * nothing can be written any more. After EAGAIN the next call brings the same bytes, or these and more. */
static inline ssize_t stream_write(struct stream *stream, const struct iovec *iov, int count)
{
	if (stream->kind != &stream_plain)
		return stream_write_inside(stream, iov, count);
	if (count == 1) {
		ssize_t put = send(stream->fd, iov->iov_base, iov->iov_len, MSG_NOSIGNAL);
		if (put != -1 || errno != EINTR)
			return put;
	}
	return stream_write_plain(stream, iov, count);
}

/* on_writable is called, once, when writing can go on. Also for a socket that is connecting. */
void stream_wait_writable(struct stream *stream);

/* Nothing more is written; the peer hears it behind what was. */
static inline void stream_end_writing(struct stream *stream)
{
	stream->kind->end_writing(stream);
}
