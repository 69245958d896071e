/* shared_file: the bytes are written, not only sized: a hole in a full file system would turn the first access into SIGBUS.
 * Under a lock, so that nobody writes zeros over what another process has counted already.
 */
#include "services/store/shared_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fill(int fd, const char *path, size_t bytes, struct err *err)
{
	struct stat st;

	if (flock(fd, LOCK_EX) == -1 || fstat(fd, &st) == -1)
		return err_set_errno(err, errno, "%s", path);
	for (off_t at = st.st_size; at < (off_t)bytes; at++)
		if (pwrite(fd, "", 1, at) != 1)
			return err_set_errno(err, errno, "%s: cannot write", path);
	flock(fd, LOCK_UN);
	return true;
}

bool shared_file_open(const char *path, size_t bytes, int *result, void **memory, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	if (fd == -1)
		return err_set_errno(err, errno, "%s: cannot open", path);
	if (!fill(fd, path, bytes, err)) {
		close(fd);
		return false;
	}
	*memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (*memory == MAP_FAILED) {
		err_set_errno(err, errno, "%s: cannot map", path);
		close(fd);
		return false;
	}
	*result = fd;
	return true;
}
