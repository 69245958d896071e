/* lock: flock, tried again for a while: see start_wait.h for who may still hold it. */
#include "common/lock.h"

#include "common/start_wait.h"

#include <sys/file.h>

bool lock_take(int fd)
{
	unsigned tries = 0;

	while (flock(fd, LOCK_EX | LOCK_NB) == -1)
		if (!start_wait(&tries))
			return false;
	return true;
}
