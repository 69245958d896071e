/* text_file: opened and read without waiting, but for poll. */
#include "common/text_file.h"

#include "common/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WAIT_MS 1000 /* for a pipe's writer, in all */

static bool wait_for_more(int fd, int64_t until_ms)
{
	int64_t left_ms = until_ms - clock_ms();
	struct pollfd more = {.fd = fd, .events = POLLIN};

	return left_ms > 0 && poll(&more, 1, (int)left_ms) != 0;
}

static bool read_pieces(int fd, const char *path, char *piece, size_t size, struct buf *text, struct err *err)
{
	int64_t until_ms = clock_ms() + WAIT_MS;

	for (;;) {
		ssize_t got = read(fd, piece, size);
		if (got == 0)
			return true;
		if (got > 0 && !buf_add(text, piece, (size_t)got))
			return err_set(err, "%s: larger than %zu bytes", path, text->max);
		if (got == -1 && errno == EAGAIN && !wait_for_more(fd, until_ms))
			return err_set(err, "%s: nothing more comes, and no end", path);
		if (got == -1 && errno != EAGAIN && errno != EINTR)
			return err_set_errno(err, errno, "%s: cannot be read", path);
	}
}

static bool read_all(int fd, const char *path, struct buf *text, struct err *err)
{
	char piece[16384];
	bool ok = read_pieces(fd, path, piece, sizeof(piece), text, err);

	if (text->secret)
		explicit_bzero(piece, sizeof(piece));
	return ok;
}

static bool begins_with(const struct buf *text, const char *mark, size_t len)
{
	return text->len >= len && memcmp(text->data, mark, len) == 0;
}

/* No UTF-8 begins with these two bytes. */
static bool take_mark(const char *path, struct buf *text, struct err *err)
{
	if (begins_with(text, "\xff\xfe", 2) || begins_with(text, "\xfe\xff", 2))
		return err_set(err, "%s: is UTF-16; save it as UTF-8", path);
	if (begins_with(text, "\xef\xbb\xbf", 3))
		buf_drop(text, 3);
	return true;
}

bool text_file_read(const char *path, struct buf *text, struct err *err)
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd == -1)
		return err_set_errno(err, errno, "%s: cannot be opened", path);
	bool ok = fstat(fd, &status) != -1 && S_ISDIR(status.st_mode)
	                  ? err_set(err, "%s is a folder; name a file in it", path)
	                  : read_all(fd, path, text, err) && take_mark(path, text, err);
	close(fd);
	return ok;
}
