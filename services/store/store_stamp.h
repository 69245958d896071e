/* store_stamp: has a database changed, in whatever process?  Asked without a system call, from any thread.
 *
 * SQLite's readers decide by 48 bytes of shared memory (the header of the WAL index: counter of changes, number of
 * frames, their checksum, the WAL's salts) whether what they have in memory is still the database. A stamp is a copy
 * of them: equal stamps, equal content. A writer changes the header once its commit is durable and before COMMIT
 * returns, so whoever was told of a commit sees another stamp.
 */
#pragma once

#include "services/store/store.h"

struct store_stamp {
	unsigned char bytes[48]; /* all 0: not known */
};

/* Where stamps of this store are read; valid until store_close. NULL: there is no such place, stamps are not known.
 * Called while no other thread uses the store. */
const void *store_stamp_source(struct store *store);

/* False, and all 0: it changes at this moment, or says nothing (no WAL yet). */
bool store_stamp_read(const void *source, struct store_stamp *stamp);

/* Is it known, and the same? */
bool store_stamp_same(const struct store_stamp *a, const struct store_stamp *b);
