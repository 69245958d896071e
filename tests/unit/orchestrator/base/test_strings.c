/* strings: lists of texts that own them. */
#include "common/mem.h"
#include "orchestrator/base/options.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

START_TEST(test_lists_of_texts)
{
	struct strings a = {0}, b = {0};

	strings_add(&a, "x");
	strings_add(&a, "y");
	strings_add(&b, "x");
	ck_assert(!strings_equal(&a, &b));
	strings_add(&b, "z");
	ck_assert(!strings_equal(&a, &b));
	free(b.items[1]);
	b.items[1] = mem_dup("y");
	ck_assert(strings_equal(&a, &b));
	strings_clear(&a);
	strings_clear(&b);
	ck_assert_uint_eq(a.count, 0);
	ck_assert(strings_equal(&a, &b));
}
END_TEST

UNIT_MAIN("strings", test_lists_of_texts)
