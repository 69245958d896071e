/* alike: distances, and which word is meant. */
#include "common/alike.h"

#include "tests/unit/unit.h"

#include <string.h>

START_TEST(distances)
{
	static const struct {
		const char *a, *b;
		size_t distance;
	} cases[] = {
	        {"", "", 0},
	        {"", "abc", 3},
	        {"abc", "", 3},
	        {"status", "status", 0},
	        {"statsu", "status", 1},
	        {"tsatus", "status", 1},
	        {"stats", "status", 1},
	        {"statuss", "status", 1},
	        {"statvs", "status", 1},
	        {"ca", "abc", 3},
	        {"acts", "users", 4},
	        {"ab", "ba", 1},
	        {"abcd", "badc", 2},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_uint_eq(alike_distance(cases[i].a, cases[i].b, 10), cases[i].distance);
		ck_assert_uint_eq(alike_distance(cases[i].b, cases[i].a, 10), cases[i].distance);
	}
	ck_assert_uint_eq(alike_distance("abc", "xyz", 2), 3);
}
END_TEST

START_TEST(long_words_are_like_none)
{
	char longest[ALIKE_LEN_MAX + 1] = "", longer[ALIKE_LEN_MAX + 2] = "";

	memset(longest, 'a', ALIKE_LEN_MAX);
	memset(longer, 'a', ALIKE_LEN_MAX + 1);
	ck_assert_uint_eq(alike_distance(longest, longest, 5), 0);
	ck_assert_uint_eq(alike_distance(longest, longer, 5), 6);
	ck_assert_uint_eq(alike_distance(longer, longer, 5), 6);
}
END_TEST

static const char *meant(const char *typed)
{
	static const char *const words[] = {"status", "scale", "replace", "roll", "reload", "drain", "acts", "a"};
	struct alike alike;

	alike_begin(&alike, typed);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		alike_offer(&alike, words[i]);
	return alike.nearest != NULL ? alike.nearest : "-";
}

START_TEST(what_is_meant)
{
	char question[ALIKE_QUESTION_SIZE];
	struct alike alike;

	ck_assert_str_eq(meant("statsu"), "status");
	ck_assert_str_eq(meant("actz"), "acts");
	ck_assert_str_eq(meant("rol"), "roll");
	ck_assert_str_eq(meant("relaod"), "reload");
	ck_assert_str_eq(meant("reeload"), "reload");
	ck_assert_str_eq(meant("x"), "-");
	ck_assert_str_eq(meant(""), "-");
	ck_assert_str_eq(meant("deploy"), "-");
	alike_begin(&alike, "actz");
	ck_assert_str_eq(alike_question(&alike, question), "");
	alike_offer(&alike, "acts");
	ck_assert_str_eq(alike_question(&alike, question), ": did you mean acts?");
}
END_TEST

UNIT_MAIN("alike", distances, long_words_are_like_none, what_is_meant)
