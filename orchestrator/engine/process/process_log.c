/* process_log: the end of a file is read, kept aside, cut into lines.
 *
 * Invariant: log.old is older than anything in log. A file that cannot be read has no lines: the engine's other work
 * does not depend on it.
 */
#include "orchestrator/engine/process/process_log.h"

#include "orchestrator/engine/process/process_record.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int process_log_open(const char *dir, const char *id, struct err *err)
{
	char path[PROCESS_PATH_SIZE];
	int fd;

	process_record_path(path, dir, id, "log");
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd == -1)
		err_set_errno(err, errno, "cannot write %s", path);
	return fd;
}

/* At most PROCESS_LOG_KEPT bytes from the end of the file. */
static void read_end(const char *path, struct buf *text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *room = buf_room(text, PROCESS_LOG_KEPT);
	struct stat stat;
	ssize_t count = -1;

	assert(room != NULL);
	if (fd == -1)
		return;
	if (fstat(fd, &stat) != -1)
		count = pread(fd, room, PROCESS_LOG_KEPT,
		              stat.st_size > PROCESS_LOG_KEPT ? stat.st_size - PROCESS_LOG_KEPT : 0);
	if (count > 0)
		buf_extend(text, (size_t)count);
	close(fd);
}

static void keep_end(const char *dir, const char *id, const struct buf *text)
{
	char path[PROCESS_PATH_SIZE];
	char fresh[PROCESS_PATH_SIZE];
	int fd;

	process_record_path(path, dir, id, "log.old");
	process_record_path(fresh, dir, id, "log.new");
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd == -1)
		return;
	if (write(fd, text->data, text->len) == (ssize_t)text->len)
		(void)rename(fresh, path);
	close(fd);
}

void process_log_bound(const char *dir, const char *id)
{
	char path[PROCESS_PATH_SIZE];
	struct stat stat_now;
	struct buf text;

	process_record_path(path, dir, id, "log");
	if (stat(path, &stat_now) == -1 || stat_now.st_size <= PROCESS_LOG_MAX)
		return;
	buf_init(&text, PROCESS_LOG_KEPT + 1);
	read_end(path, &text);
	keep_end(dir, id, &text);
	buf_clear(&text);
	if (truncate(path, 0) == -1) /* then again at the next look */
		return;
}

/* Where the last lines begin. */
static size_t lines_start(const struct buf *text, int lines)
{
	size_t at = text->len;

	for (; at > 0; at--) {
		if (text->data[at - 1] == '\n' && at < text->len && --lines == 0)
			break;
	}
	return at;
}

void process_log_tail(const char *dir, const char *id, int lines, struct buf *text)
{
	char path[PROCESS_PATH_SIZE];

	process_record_path(path, dir, id, "log.old");
	read_end(path, text);
	process_record_path(path, dir, id, "log");
	read_end(path, text);
	if (text->len > 0)
		buf_drop(text, lines_start(text, lines));
}
