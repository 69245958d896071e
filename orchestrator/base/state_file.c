/* state_file: written beside its place, synced, renamed, and the directory synced. */
#include "orchestrator/base/state_file.h"

#include "common/log.h"
#include "common/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Root's own would be closed to the user that the directory was made for. */
static void give_away(int fd, const char *dir)
{
	struct stat st;

	if (geteuid() == 0 && stat(dir, &st) != -1 && fchown(fd, st.st_uid, st.st_gid) == -1)
		log_warn("event=owner-not-set path=%s error=%s", log_quote(dir), log_quote(strerrordesc_np(errno)));
}

static bool write_synced(const char *path, const char *dir, const char *text, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool ok;

	if (fd == -1)
		return err_set_errno(err, errno, "cannot write %s", path);
	give_away(fd, dir);
	errno = ENOSPC; /* what a short write means */
	ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text) && fsync(fd) != -1;
	if (!ok)
		err_set_errno(err, errno, "cannot write %s", path);
	close(fd);
	return ok;
}

/* The name lasts once its directory is on the disk. */
static bool sync_dir(const char *dir, struct err *err)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd != -1 && fsync(fd) != -1;

	if (!ok)
		err_set_errno(err, errno, "cannot write %s", dir);
	if (fd != -1)
		close(fd);
	return ok;
}

bool state_file_write(const char *dir, const char *name, const char *text, struct err *err)
{
	char *path = mem_format("%s/%s", dir, name);
	char *fresh = mem_format("%s.new", path);
	bool ok = write_synced(fresh, dir, text, err);

	if (ok && rename(fresh, path) == -1)
		ok = err_set_errno(err, errno, "cannot write %s", path);
	ok = ok && sync_dir(dir, err);
	if (!ok)
		unlink(fresh);
	free(fresh);
	free(path);
	return ok;
}
