/* dir: one part after the other; what is there already stays as it is. */
#include "common/dir.h"

#include "common/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool make_part(const char *part, mode_t mode, const char *what, struct err *err)
{
	if (mkdir(part, mode) != -1 || errno == EEXIST)
		return true;
	return err_set_errno(err, errno, "cannot make directory %s (%s)", part, what);
}

bool dir_make(const char *path, const char *what, struct err *err)
{
	char *part = mem_dup(path);
	bool ok = true;

	for (char *slash = strchr(part + 1, '/'); slash != NULL && ok; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		ok = make_part(part, 0755, what, err);
		*slash = '/';
	}
	ok = ok && make_part(part, 0700, what, err);
	free(part);
	return ok;
}
