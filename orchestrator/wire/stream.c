/* stream: the plain kind, and when an owner is told.
 *
 * For a plain stream the loop calls its owner directly. For the others on_socket_readable and on_socket_writable stand
 * between: reading may wait until the socket takes bytes, and writing until some come, so that what the socket tells is not
 * what its owner waits for.
 * Invariant: the event `readable` is added unless the stream is paused and no write waits for bytes.
 */
#include "orchestrator/wire/stream.h"

#include <assert.h>
#include <unistd.h>

/* --- the plain kind -------------------------------------------------------------------------------------------- */

static ssize_t plain_read(struct stream *stream, void *to, size_t room)
{
	return stream_read(stream, to, room);
}

ssize_t stream_write_plain(struct stream *stream, const struct iovec *iov, int count)
{
	struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = (size_t)count};
	ssize_t put;

	do
		put = sendmsg(stream->fd, &message, MSG_NOSIGNAL);
	while (put == -1 && errno == EINTR);
	return put;
}

static bool plain_pending(const struct stream *stream)
{
	(void)stream;
	return false;
}

static void plain_end_writing(struct stream *stream)
{
	shutdown(stream->fd, SHUT_WR);
}

/* The end of what was sent is the socket's own, which comes with its closing. */
static void plain_close(struct stream *stream, enum stream_end how)
{
	(void)stream;
	(void)how;
}

const struct stream_kind stream_plain = {
        .name = "plain",
        .read = plain_read,
        .write = stream_write_plain,
        .pending = plain_pending,
        .end_writing = plain_end_writing,
        .close = plain_close,
};

/* --- what the socket tells ------------------------------------------------------------------------------------- */

static bool is_plain(const struct stream *stream)
{
	return stream->kind == &stream_plain;
}

/* Do bytes of the peer let a write go on? */
static bool write_wants_bytes(const struct stream *stream)
{
	return stream->write_waits && stream->write_wants_read;
}

static void tell_writable(struct stream *stream)
{
	stream->write_waits = false;
	stream->owner->on_writable(stream->fd, EV_WRITE, stream->arg);
}

static void on_socket_readable(evutil_socket_t fd, short what, void *arg)
{
	struct stream *stream = arg;

	if (write_wants_bytes(stream))
		tell_writable(stream);
	if (!stream_is_open(stream))
		return;
	if (!stream->paused)
		stream->owner->on_readable(fd, what, stream->arg);
	else if (!write_wants_bytes(stream))
		event_del(&stream->readable);
}

static void on_socket_writable(evutil_socket_t fd, short what, void *arg)
{
	struct stream *stream = arg;

	(void)what;
	if (stream->read_wants_write && !stream->paused)
		stream->owner->on_readable(fd, EV_READ, stream->arg);
	if (stream_is_open(stream) && stream->write_waits && !stream->write_wants_read)
		tell_writable(stream);
}

static void wait_socket_writable(struct stream *stream)
{
	bool plain = is_plain(stream);

	if (stream->writable == NULL)
		stream->writable = loop_event_new(
		        event_get_base(&stream->readable), (enum loop_priority)event_get_priority(&stream->readable),
		        stream->fd, EV_WRITE | EV_ET, plain ? stream->owner->on_writable : on_socket_writable,
		        plain ? stream->arg : stream);
	event_add(stream->writable, NULL);
}

/* --- the owner's side ------------------------------------------------------------------------------------------ */

void stream_open(struct stream *stream, const struct stream_socket *socket, const struct stream_owner *owner, void *arg)
{
	bool plain = socket->kind == &stream_plain;

	*stream = (struct stream){.kind = socket->kind,
	                          .inner = socket->inner,
	                          .owner = owner,
	                          .arg = arg,
	                          .fd = socket->fd,
	                          .paused = true};
	loop_event_assign(&stream->readable, socket->base, socket->priority, socket->fd,
	                  EV_READ | EV_CLOSED | EV_ET | EV_PERSIST, plain ? owner->on_readable : on_socket_readable,
	                  plain ? arg : stream);
}

static void forget_events(struct stream *stream)
{
	event_del(&stream->readable);
	if (stream->writable != NULL)
		event_free(stream->writable);
	stream->writable = NULL;
}

void stream_move(struct stream *to, struct stream *from, const struct stream_owner *owner, void *arg)
{
	const struct stream_socket socket = {.base = event_get_base(&from->readable),
	                                     .priority = (enum loop_priority)event_get_priority(&from->readable),
	                                     .fd = from->fd,
	                                     .kind = from->kind,
	                                     .inner = from->inner};

	forget_events(from);
	stream_open(to, &socket, owner, arg);
	from->kind = NULL;
}

int stream_detach(struct stream *stream)
{
	assert(is_plain(stream));
	forget_events(stream);
	stream->kind = NULL;
	return stream->fd;
}

static void reset_when_closed(int fd)
{
	struct linger reset = {.l_onoff = 1, .l_linger = 0};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
}

void stream_close(struct stream *stream, enum stream_end how)
{
	if (!stream_is_open(stream))
		return;
	stream->kind->close(stream, how);
	forget_events(stream);
	if (how == STREAM_CUT)
		reset_when_closed(stream->fd);
	close(stream->fd);
	stream->kind = NULL;
}

ssize_t stream_read_inside(struct stream *stream, void *to, size_t room)
{
	stream->read_wants_write = false;
	ssize_t got = stream->kind->read(stream, to, room);
	if (got == -1 && errno == EAGAIN && stream->read_wants_write) {
		wait_socket_writable(stream);
		errno = EAGAIN;
	}
	return got;
}

ssize_t stream_write_inside(struct stream *stream, const struct iovec *iov, int count)
{
	stream->write_wants_read = false;
	return stream->kind->write(stream, iov, count);
}

/* A plain one is told by the socket, if there is more; what waits inside another kind is told by nobody but us. */
static void watch(struct stream *stream)
{
	event_add(&stream->readable, NULL);
	if (!is_plain(stream) && (stream->read_wants_write || stream->kind->pending(stream)))
		event_active(&stream->readable, EV_READ, 0);
}

void stream_read_later(struct stream *stream)
{
	assert(!stream->paused);
	event_del(&stream->readable);
	watch(stream);
}

void stream_pause(struct stream *stream)
{
	if (stream->paused)
		return;
	stream->paused = true;
	if (!write_wants_bytes(stream))
		event_del(&stream->readable);
}

void stream_resume(struct stream *stream)
{
	if (!stream->paused)
		return;
	stream->paused = false;
	if (write_wants_bytes(stream))
		event_del(&stream->readable);
	watch(stream);
}

ssize_t stream_peek(const struct stream *stream)
{
	char byte;

	if (stream->kind->pending(stream))
		return 1;
	return recv(stream->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
}

int stream_error(const struct stream *stream)
{
	int problem = 0;
	socklen_t len = sizeof(problem);

	if (getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &problem, &len) == -1)
		return errno;
	return problem;
}

void stream_wait_writable(struct stream *stream)
{
	if (is_plain(stream)) {
		wait_socket_writable(stream);
		return;
	}
	stream->write_waits = true;
	if (!stream->write_wants_read)
		wait_socket_writable(stream);
	else if (stream->paused)
		event_add(&stream->readable, NULL);
}
