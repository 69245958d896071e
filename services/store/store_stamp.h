/* store_stamp: has a database changed, in whatever process?  Asked without a system call, from any thread.
 *
 * Equal stamps that are known: equal content. Whoever was told of a commit sees another stamp, or none. A database that
 * cannot promise that knows no stamps, and then nothing that depends on them is kept.
 */
#pragma once

#include "services/store/store.h"

struct store_stamp {
	unsigned char bytes[48]; /* the driver's; all 0: not known */
};

/* Where the stamps of one database are read. */
struct store_stamps {
	bool (*read)(const void *at, struct store_stamp *stamp); /* false: it changes just now, or says nothing */
	const void *at;
};

/* Valid until store_close. NULL: stamps of this store are never known. Called while no other thread uses the store. */
const struct store_stamps *store_stamps(struct store *store);

/* False, and all 0: not known at this moment. stamps may be NULL. */
bool store_stamp_read(const struct store_stamps *stamps, struct store_stamp *stamp);

bool store_stamp_known(const struct store_stamp *stamp);

/* Known, and the same? */
bool store_stamp_same(const struct store_stamp *a, const struct store_stamp *b);
