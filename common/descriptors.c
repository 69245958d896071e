/* descriptors: the soft limit, which is kept low for programs that use select(2), becomes the hard one. */
#include "common/descriptors.h"

#include <sys/resource.h>

void descriptors_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}
