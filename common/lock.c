/* lock: flock, tried again for a while: see patience.h for who may still hold it. */
#include "common/lock.h"

#include "common/patience.h"

#include <sys/file.h>

bool lock_take(int fd)
{
	while (flock(fd, LOCK_EX | LOCK_NB) == -1)
		if (!patience_wait())
			return false;
	return true;
}
