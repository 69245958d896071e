/* tls_stream: the kind of stream: what each of the library's calls may want of the socket, which may be the other direction.
 *
 * The queue of errors belongs to the thread: it is emptied before each call, or another connection's error would be found
 * in it. A write that the socket did not take has its record inside already: the next call must bring the same bytes, or
 * these and more, as stream_write promises. Records are filled to 16 KiB from all pieces, since each costs a seal, a head and
 * a system call. The library reads ahead: what it has taken from the socket only SSL_has_pending tells, and whether that is a
 * whole record only a read does (starved: it was not).
 */
#include "orchestrator/wire/tls_stream.h"

#include "orchestrator/wire/tls.h"
#include "orchestrator/wire/tls_struct.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>

#define RECORD_BYTES SSL3_RT_MAX_PLAIN_LENGTH

/* Nothing more is said: not even that this is the end. */
static ssize_t break_off(struct tls *tls, int problem)
{
	tls->broken = true;
	errno = problem;
	return -1;
}

static ssize_t wait_for_socket(void)
{
	errno = EAGAIN;
	return -1;
}

static int problem_of_socket(void)
{
	return errno != 0 && errno != EAGAIN && errno != EINTR ? errno : ECONNRESET;
}

static ssize_t after_read(struct stream *stream, struct tls *tls)
{
	switch (SSL_get_error(tls->ssl, 0)) {
	case SSL_ERROR_WANT_READ:
		tls->starved = true;
		return wait_for_socket();
	case SSL_ERROR_WANT_WRITE:
		stream->read_wants_write = true;
		return wait_for_socket();
	case SSL_ERROR_ZERO_RETURN:
		return tls->broken ? break_off(tls, ECONNRESET) : 0;
	case SSL_ERROR_SYSCALL:
		return break_off(tls, problem_of_socket());
	default:
		return break_off(tls, ECONNRESET);
	}
}

static ssize_t tls_read(struct stream *stream, void *to, size_t room)
{
	struct tls *tls = stream->inner;
	size_t got;

	if (tls->broken)
		return break_off(tls, ECONNRESET);
	ERR_clear_error();
	errno = 0;
	if (SSL_read_ex(tls->ssl, to, room, &got) != 1)
		return after_read(stream, tls);
	tls->starved = false;
	tls->stray = 0;
	return (ssize_t)got;
}

static bool tls_pending(const struct stream *stream)
{
	const struct tls *tls = stream->inner;

	return !tls->starved && SSL_has_pending(tls->ssl) == 1;
}

/* The next record's bytes behind `skip` of them: where they stand, or gathered. */
static struct iovec next_piece(const struct iovec *iov, int count, size_t skip, char record[RECORD_BYTES])
{
	struct iovec piece = {record, 0};

	for (int i = 0; i < count && piece.iov_len < RECORD_BYTES; i++) {
		size_t from = skip < iov[i].iov_len ? skip : iov[i].iov_len;
		char *data = (char *)iov[i].iov_base + from;
		size_t len = iov[i].iov_len - from, room = RECORD_BYTES - piece.iov_len;
		skip -= from;
		if (len == 0)
			continue;
		if (piece.iov_len == 0 && (len >= RECORD_BYTES || i == count - 1))
			return (struct iovec){data, len < RECORD_BYTES ? len : RECORD_BYTES};
		memcpy(record + piece.iov_len, data, len < room ? len : room);
		piece.iov_len += len < room ? len : room;
	}
	return piece;
}

static ssize_t after_write(struct stream *stream, struct tls *tls)
{
	switch (SSL_get_error(tls->ssl, 0)) {
	case SSL_ERROR_WANT_READ:
		stream->write_wants_read = true;
		return wait_for_socket();
	case SSL_ERROR_WANT_WRITE:
		return wait_for_socket();
	case SSL_ERROR_SYSCALL:
		return break_off(tls, problem_of_socket());
	default:
		return break_off(tls, EPIPE);
	}
}

static ssize_t tls_write(struct stream *stream, const struct iovec *iov, int count)
{
	struct tls *tls = stream->inner;
	char record[RECORD_BYTES];
	size_t taken = 0;

	if (tls->broken)
		return break_off(tls, EPIPE);
	for (;;) {
		struct iovec piece = next_piece(iov, count, taken, record);
		size_t put;
		if (piece.iov_len == 0)
			return (ssize_t)taken;
		ERR_clear_error();
		errno = 0;
		if (SSL_write_ex(tls->ssl, piece.iov_base, piece.iov_len, &put) != 1) {
			ssize_t failed = after_write(stream, tls);
			return taken > 0 ? (ssize_t)taken : failed;
		}
		taken += put;
	}
}

/* False: the socket did not take it. */
static bool say_end(struct tls *tls)
{
	if (tls->broken || tls->ended || !tls->shaken)
		return true;
	ERR_clear_error();
	errno = 0;
	int result = SSL_shutdown(tls->ssl);
	int problem = SSL_get_error(tls->ssl, result);
	if (result < 0 && problem == SSL_ERROR_WANT_WRITE)
		return false;
	tls->ended = true;
	tls->broken |= problem == SSL_ERROR_SSL || (result < 0 && problem == SSL_ERROR_SYSCALL);
	return true;
}

/* Its owner hears that writing can go on, finds nothing to write, and ends once more. */
static void tls_end_writing(struct stream *stream)
{
	if (!say_end(stream->inner))
		stream_wait_writable(stream);
}

static void tls_close(struct stream *stream, enum stream_end how)
{
	if (how == STREAM_WHOLE)
		say_end(stream->inner);
	tls_free(stream->inner);
	stream->inner = NULL;
}

const struct stream_kind stream_tls = {
        .name = "tls",
        .read = tls_read,
        .write = tls_write,
        .pending = tls_pending,
        .end_writing = tls_end_writing,
        .close = tls_close,
};
