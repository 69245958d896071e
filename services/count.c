/* The file is eight bytes, written (not only sized) under a lock when it is made: a hole in a full file system would
 * turn the first addition into SIGBUS.
 */
#include "services/count.h"

#include "common/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct count {
	_Atomic uint64_t *shared;
};

static bool fill(int fd, const char *path, struct err *err)
{
	struct stat st;
	uint64_t zero = 0;

	if (flock(fd, LOCK_EX) == -1 || fstat(fd, &st) == -1)
		return err_set_errno(err, errno, "%s", path);
	if (st.st_size < (off_t)sizeof(zero) && pwrite(fd, &zero, sizeof(zero), 0) != sizeof(zero))
		return err_set_errno(err, errno, "%s: cannot write", path);
	flock(fd, LOCK_UN);
	return true;
}

bool count_open(const char *path, struct count **count, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	if (fd == -1)
		return err_set_errno(err, errno, "%s: cannot open", path);
	if (!fill(fd, path, err)) {
		close(fd);
		return false;
	}
	void *map = mmap(NULL, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	int failed = errno;
	close(fd);
	if (map == MAP_FAILED)
		return err_set_errno(err, failed, "%s: cannot map", path);
	*count = mem_alloc(sizeof(**count));
	(*count)->shared = map;
	return true;
}

void count_add(struct count *count)
{
	atomic_fetch_add_explicit(count->shared, 1, memory_order_relaxed);
}

void count_reset(struct count *count)
{
	atomic_store(count->shared, 0);
}

uint64_t count_read(const struct count *count)
{
	return atomic_load(count->shared);
}

void count_close(struct count *count)
{
	if (count == NULL)
		return;
	munmap((void *)count->shared, sizeof(uint64_t));
	free(count);
}
