/* store_check: is a database whole?  While it is in use, too: it is read as of one moment.
 *
 * Looked at: its pages and indexes (integrity_check), references between tables, and the rules its program gives.
 */
#pragma once

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>

/* For work that may last: called now and then on the calling thread. */
struct store_watch {
	bool (*on_progress)(void *owner, const char *doing, int percent); /* percent -1: unknown; false: stop */
	void (*on_problem)(void *owner, const char *problem);             /* each thing found wrong */
	void *owner;
};

struct store_check {
	const char *path;
	const char *const *migrations; /* as for store_open: another schema is a problem, as its rules are not known */
	const char *const *rules;      /* NULL-terminated queries; each row is a problem, its first column says which */
};

/* True: it could be read to the end, *problems says how many there are. False: it could not even be opened, or was
 * stopped. */
bool store_check(const struct store_check *check, const struct store_watch *watch, size_t *problems,
                 struct err *err) MUST_CHECK;
