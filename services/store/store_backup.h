/* store_backup: a copy of a database that is in use, as of one moment.
 *
 * Making it holds up no writer. It is made under another name, synced, checked (store_check.h) and only then given its own.
 */
#pragma once

#include "services/store/store_check.h"

#include <stdint.h>

struct store_backup {
	struct store_check from; /* url: what is copied; its texts are for the check of the copy */
	const char *to;          /* the path of a file */
	bool replace;            /* `to` may be there already */
};

/* bytes: the size of the copy. False: nothing is left behind, and what was at `to` is as it was. */
bool store_backup(const struct store_backup *backup, const struct store_watch *watch, int64_t *bytes,
                  struct err *err) MUST_CHECK;
