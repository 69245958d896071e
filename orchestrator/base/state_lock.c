/* state_lock: flock on a file with the pid of who holds it. The file stays: it is the lock that counts, not the file. */
#include "orchestrator/base/state_lock.h"

#include "common/dir.h"
#include "common/lock.h"
#include "common/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file system that was made read-only keeps nobody from serving: the lock needs no writing. */
static int lock_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd == -1 && (errno == EROFS || errno == EACCES)) {
		int why = errno;

		fd = open(path, O_RDONLY | O_CLOEXEC);
		errno = why;
	}
	return fd;
}

/* For whoever is refused later. If it cannot be written they are told of no pid. */
static void write_pid(int fd, const char *dir)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	struct stat st;

	if (geteuid() == 0 && stat(dir, &st) != -1)
		(void)!fchown(fd, st.st_uid, st.st_gid); /* as the files of identity.c */
	if (ftruncate(fd, 0) != -1)
		(void)!pwrite(fd, text, (size_t)len, 0);
}

static bool held(int fd, const char *path, struct err *err)
{
	char text[24] = "", who[48] = "another process";
	ssize_t len = pread(fd, text, sizeof(text) - 1, 0);
	long pid = len > 0 ? strtol(text, NULL, 10) : 0;

	if (pid > 0)
		snprintf(who, sizeof(who), "process %ld", pid);
	return err_set(err,
	               "%s is held by %s, an orchestrator with the same state_dir: end that one first (docker/down, or "
	               "SIGTERM, which leaves its containers to the next start), or give this one another `name` and "
	               "`state_dir`: both must differ, also where they are left at their default",
	               path, who);
}

bool state_lock_take(const char *dir, int *fd, struct err *err)
{
	char *path = mem_format("%s/lock", dir);
	bool ok = dir_make(dir, "state_dir", err);

	*fd = -1;
	if (ok && (*fd = lock_open(path)) == -1)
		ok = err_set_errno(err, errno, "state_dir: cannot write %s, and this user must be able to", path);
	else if (ok && !lock_take(*fd))
		ok = held(*fd, path, err);
	if (ok)
		write_pid(*fd, dir);
	else if (*fd != -1)
		close(*fd);
	free(path);
	return ok;
}
