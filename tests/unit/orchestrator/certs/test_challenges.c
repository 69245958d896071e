/* A token is answered while it is put, whole and exactly. */
#include "orchestrator/certs/challenges.h"
#include "tests/unit/unit.h"

#include <string.h>

static const char *find(const struct challenges *all, const char *token)
{
	return challenges_find(all, token, strlen(token));
}

START_TEST(put_and_take)
{
	struct challenges *all = challenges_new();

	ck_assert_ptr_null(find(all, "one"));
	challenges_put(all, "one", "one.a");
	challenges_put(all, "two", "two.a");
	ck_assert_str_eq(find(all, "one"), "one.a");
	ck_assert_str_eq(challenges_find(all, "twofold", 3), "two.a");
	ck_assert_ptr_null(find(all, "on"));
	ck_assert_ptr_null(find(all, "ones"));
	ck_assert_ptr_null(find(all, ""));
	challenges_put(all, "one", "one.b");
	ck_assert_str_eq(find(all, "one"), "one.b");
	challenges_take(all, "one");
	challenges_take(all, "one");
	ck_assert_ptr_null(find(all, "one"));
	ck_assert_str_eq(find(all, "two"), "two.a");
	challenges_free(all);
}
END_TEST

UNIT_MAIN("challenges", put_and_take)
