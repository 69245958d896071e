/* new_file: mkstemp -> fsync -> renameat2 -> fsync of the folder. */
#include "services/store/new_file.h"

#include "common/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool check_name(const char *to, bool replace, struct err *err)
{
	struct stat st;

	if (lstat(to, &st) == -1)
		return true;
	if (!S_ISREG(st.st_mode))
		return err_set(err, "%s: is there, and is not a file: name another one", to);
	return replace ||
	       err_set_code(err, EEXIST, "%s: is there already: name another file, or replace it with --force", to);
}

bool new_file_make(struct new_file *file, const char *to, bool replace, int *fd, struct err *err)
{
	*file = (struct new_file){.to = to, .replace = replace};
	if (!check_name(to, replace, err))
		return false;
	file->path = mem_format("%s.XXXXXX", to);
	*fd = mkostemp(file->path, O_CLOEXEC);
	if (*fd != -1)
		return true;
	err_set_errno(err, errno, "%s: cannot be made", to);
	free(file->path);
	return false;
}

bool new_file_sync(const struct new_file *file, int64_t *bytes, struct err *err)
{
	struct stat st;
	int fd = open(file->path, O_RDWR | O_CLOEXEC);
	bool good = fd != -1 && fsync(fd) != -1 && fstat(fd, &st) != -1;

	if (good)
		*bytes = st.st_size;
	else
		err_set_errno(err, errno, "%s: cannot be synced", file->path);
	if (fd != -1)
		close(fd);
	return good;
}

bool new_file_name(struct new_file *file, struct err *err)
{
	unsigned flags = file->replace ? 0 : RENAME_NOREPLACE;

	if (renameat2(AT_FDCWD, file->path, AT_FDCWD, file->to, flags) == -1)
		return err_set_errno(err, errno, "%s", file->to);
	free(file->path);
	file->path = NULL;
	return new_file_sync_directory(file->to, err);
}

void new_file_end(struct new_file *file)
{
	if (file->path == NULL)
		return;
	unlink(file->path);
	free(file->path);
	file->path = NULL;
}

bool new_file_sync_directory(const char *path, struct err *err)
{
	char *copy = mem_dup(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = fd != -1 && fsync(fd) != -1;

	if (!good)
		err_set_errno(err, errno, "%s: its directory cannot be synced", path);
	if (fd != -1)
		close(fd);
	free(copy);
	return good;
}
