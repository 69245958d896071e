/* descriptors: the soft limit becomes the hard one. */
#include "common/descriptors.h"

#include "tests/unit/unit.h"

#include <sys/resource.h>

START_TEST(as_many_as_there_may_be)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max - 1;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	descriptors_raise();
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_uint_eq(limit.rlim_cur, limit.rlim_max);
}
END_TEST

UNIT_MAIN("descriptors", as_many_as_there_may_be)
