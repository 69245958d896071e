/* write_fault: room is asked for where there is none, and nowhere else. */
#include "orchestrator/base/write_fault.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

START_TEST(each_has_its_own_remedy)
{
	for (int error = 0; error < 140; error++) {
		const char *remedy = write_fault_remedy(error);

		ck_assert_msg(strlen(remedy) > 8 && strlen(remedy) <= 60, "%s: %s", strerror(error), remedy);
		ck_assert_int_eq(strstr(remedy, "make room") != NULL, error == ENOSPC || error == EDQUOT);
	}
	ck_assert_ptr_nonnull(strstr(write_fault_remedy(EACCES), "user"));
	ck_assert_ptr_nonnull(strstr(write_fault_remedy(EROFS), "mount"));
	ck_assert_ptr_nonnull(strstr(write_fault_remedy(EIO), "disk"));
	ck_assert_ptr_nonnull(strstr(write_fault_remedy(ENOENT), "folder"));
}
END_TEST

UNIT_MAIN("write_fault", each_has_its_own_remedy)
