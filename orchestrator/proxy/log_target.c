/* log_target: a file is opened anew in place of the old one, so that there is always one. */
#include "orchestrator/proxy/log_target.h"

#include "common/log.h"
#include "common/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A try is one open, and until it goes well lines are dropped: shorter waits than usual. */
static const struct backoff_pace pace = {.first_us = 100000, .most_us = 1000000};

static int open_file(const char *path)
{
	if (strcmp(path, "-") == 0)
		return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	/* a FIFO that nobody reads is an error here, and no wait; the writes may wait, in their thread */
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0640);
	if (fd != -1)
		fcntl(fd, F_SETFL, O_APPEND);
	return fd;
}

void log_target_free(struct log_target *target)
{
	if (target == NULL)
		return;
	if (target->fd != -1)
		close(target->fd);
	free(target->path);
	free(target);
}

struct log_target *log_target_new(const char *path, struct err *err)
{
	int fd = open_file(path);

	if (fd == -1) {
		err_set_errno(err, errno, "access_log: cannot write %s", path);
		return NULL;
	}
	struct log_target *target = mem_zero(sizeof(*target));
	target->path = mem_dup(path);
	target->fd = fd;
	return target;
}

/* False: it goes on with the old one. */
static bool reopen_file(struct log_target *target)
{
	int fd = open_file(target->path);

	if (fd == -1)
		return false;
	close(target->fd);
	target->fd = fd;
	target->torn = false;
	backoff_reset(&target->retry);
	return true;
}

void log_target_reopen(struct log_target *target)
{
	if (target->path != NULL && !reopen_file(target))
		log_warn("event=access-log-not-reopened path=%s error=%s", log_quote(target->path),
		         log_quote(strerrordesc_np(errno)));
}

static bool has_no_name(const struct log_target *target)
{
	struct stat status;

	return fstat(target->fd, &status) != -1 && S_ISREG(status.st_mode) && status.st_nlink == 0;
}

bool log_target_regain_name(struct log_target *target)
{
	if (!has_no_name(target) || (backoff_due(&target->retry) && reopen_file(target)))
		return true;
	if (backoff_due(&target->retry)) {
		target->problem = errno;
		backoff_fail_at(&target->retry, pace, RETRY_LOG);
	}
	errno = target->problem;
	return false;
}

size_t log_target_write(const struct log_target *target, const char *data, size_t len)
{
	size_t put = 0;

	while (put < len) {
		ssize_t result = write(target->fd, data + put, len - put);
		if (result == -1 && errno == EINTR)
			continue;
		if (result <= 0)
			break;
		put += (size_t)result;
	}
	return put;
}
