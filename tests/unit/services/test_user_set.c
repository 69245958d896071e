/* The list of users, looked up whole and exactly. */
#include "services/acts/user_set.h"

#include "common/buf.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct user_set *set_of(const char *json)
{
	struct user_set *set = NULL;
	struct err err;

	ck_assert_msg(user_set_new(json, strlen(json), &set, &err), "%s", err.message);
	return set;
}

static bool has(const struct user_set *set, const char *name)
{
	return user_set_has(set, name, strlen(name));
}

START_TEST(whole_names_only)
{
	struct user_set *set = set_of("[\"ann\", \"b\\u00f6b\", \"\", \"a\\\"b\"]");

	ck_assert(has(set, "ann") &&
	          has(set, "b\xc3\xb6"
	                   "b") &&
	          has(set, "a\"b") && has(set, ""));
	ck_assert(!has(set, "an") && !has(set, "anna") && !has(set, "Ann") && !has(set, "ann "));
	user_set_free(set);
}
END_TEST

START_TEST(nobody)
{
	struct user_set *set = NULL;
	struct err err;

	ck_assert(user_set_new("", 0, &set, &err));
	ck_assert(!has(set, "ann"));
	user_set_free(set);
	set = set_of("[]");
	ck_assert(!has(set, ""));
	user_set_free(set);
	user_set_free(NULL);
}
END_TEST

START_TEST(many)
{
	enum { COUNT = 20000 };
	struct buf json;
	char name[16];

	buf_init(&json, COUNT * 12);
	for (int i = 0; i < COUNT; i++)
		ck_assert(buf_add_format(&json, "%s\"u%d\"", i > 0 ? "," : "[", i * 2));
	ck_assert(buf_add_text(&json, "]"));
	struct user_set *set = set_of(buf_text(&json));
	for (int i = 0; i < COUNT * 2; i++) {
		snprintf(name, sizeof(name), "u%d", i);
		ck_assert_int_eq(has(set, name), i % 2 == 0);
	}
	user_set_free(set);
	buf_clear(&json);
}
END_TEST

START_TEST(refused)
{
	static const char *const texts[] = {"{}",     "[1]", "[[\"a\"]]", "[null]",     "\"a\"",
	                                    "[\"a\"", "x",   "[\"a\"]x",  "[{\"a\":1}]"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct user_set *set = NULL;
		struct err err = {.code = 0};
		ck_assert_msg(!user_set_new(texts[i], strlen(texts[i]), &set, &err), "%s", texts[i]);
		ck_assert_ptr_null(set);
	}
}
END_TEST

UNIT_MAIN("user_set", whole_names_only, nobody, many, refused)
