/* store_stamp: a stamp is bytes that only its driver understands; here they are compared. */
#include "services/store/store_stamp.h"

#include <string.h>

bool store_stamp_read(const struct store_stamps *stamps, struct store_stamp *stamp)
{
	if (stamps != NULL && stamps->read(stamps->at, stamp))
		return true;
	memset(stamp, 0, sizeof(*stamp));
	return false;
}

bool store_stamp_known(const struct store_stamp *stamp)
{
	static const struct store_stamp UNKNOWN;

	return memcmp(stamp, &UNKNOWN, sizeof(*stamp)) != 0;
}

bool store_stamp_same(const struct store_stamp *a, const struct store_stamp *b)
{
	return memcmp(a, b, sizeof(*a)) == 0 && store_stamp_known(a);
}
