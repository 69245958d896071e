/* count: the file is eight bytes: the number, in the machine's own order. */
#include "services/count.h"

#include "common/mem.h"
#include "services/store/shared_file.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct count {
	_Atomic uint64_t *shared;
};

bool count_open(const char *path, struct count **count, struct err *err)
{
	int fd;
	void *memory;

	if (!shared_file_open(path, sizeof(uint64_t), &fd, &memory, err))
		return false;
	close(fd);
	*count = mem_alloc(sizeof(**count));
	(*count)->shared = memory;
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
