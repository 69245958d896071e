/* store_check: is a database whole?  While it is in use, too: it is read as of one moment.
 *
 * Looked at: what the database itself can tell of its pages and indexes, references between tables, and the rules of the
 * service's texts.
 */
#pragma once

#include "services/store/store.h"

/* For work that may last: called now and then on the calling thread. */
struct store_watch {
	bool (*on_progress)(void *owner, const char *doing, int percent); /* percent -1: unknown; false: stop */
	void (*on_problem)(void *owner, const char *problem);             /* each thing found wrong */
	void *owner;
};

struct store_check {
	const char *url;
	const struct store_texts *const *texts; /* as for store_open; another schema than theirs cannot be checked */
};

/* Of what breaks one rule so many are told, and how many more there are: a large store may have broken it everywhere. */
#define STORE_CHECK_TOLD 10
void store_check_tell_more(const struct store_watch *watch, size_t more); /* 0: nothing. For the drivers */

/* True: it could be read to the end, *problems says how many there are. False: it could not even be opened, or was
 * stopped. */
bool store_check(const struct store_check *check, const struct store_watch *watch, size_t *problems,
                 struct err *err) MUST_CHECK;
