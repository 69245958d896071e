/* excerpt: ids are short, and what has no room for all of it ends behind a word or a character, with "...". */
#include "orchestrator/base/excerpt.h"

#include "common/utf8.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#define SIZE 64
#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static char to[SIZE];

START_TEST(what_fits_is_taken_whole)
{
	excerpt_write(to, SIZE, "%s", "");
	ck_assert_str_eq(to, "");
	excerpt_write(to, SIZE, "%s, %d", "a b", 7);
	ck_assert_str_eq(to, "a b, 7");
	excerpt_take(to, SIZE, "no NUL behind it", 6);
	ck_assert_str_eq(to, "no NUL");
	excerpt_write(to, SIZE, "%063d", 0); /* to the last byte */
	ck_assert_uint_eq(strlen(to), SIZE - 1);
	ck_assert_ptr_null(strchr(to, '.'));
}
END_TEST

START_TEST(ids_are_short)
{
	char wide[200];

	excerpt_write(to, SIZE, "container %s, (%s): x", ID, ID);
	ck_assert_str_eq(to, "container 0123456789ab, (0123456789ab): x");
	excerpt_write(to, SIZE, "sha256:%s", ID);
	ck_assert_str_eq(to, "sha256:0123456789ab");
	excerpt_write(wide, sizeof(wide), "%.63s %sb %s", ID, ID, ID); /* neither of the first two is one */
	ck_assert_uint_eq(strlen(wide), 63 + 1 + 65 + 1 + 12);
}
END_TEST

/* An id that does not fit is short first: it may fit then. */
START_TEST(ids_are_short_before_the_cut)
{
	excerpt_write(to, SIZE, "the container that has the name is %s", ID);
	ck_assert_str_eq(to, "the container that has the name is 0123456789ab");
}
END_TEST

START_TEST(words_stay_whole)
{
	excerpt_write(to, SIZE, "%s", "aaaa bbbb cccc dddd eeee ffff gggg hhhh iiii jjjj kkkk llll mmmm nnnn oooo");
	ck_assert_str_eq(to, "aaaa bbbb cccc dddd eeee ffff gggg hhhh iiii jjjj kkkk llll ...");
	excerpt_write(to, SIZE, "%s",
	              "aaaa bbbb cccc dddd eeee ffff gggg hhhh iiii jjjj kkkk llllllllllllllllllllllll");
	ck_assert_str_eq(to, "aaaa bbbb cccc dddd eeee ffff gggg hhhh iiii jjjj kkkk ...");
	excerpt_write(to, SIZE, "%s", "cannot open /var/lib/a/path/that/is/longer/than/any/word/there/is/in/sentences");
	ck_assert_str_eq(to, "cannot open /var/lib/a/path/that/is/longer/than/any/word/the...");
}
END_TEST

static const char *const characters[] = {"x", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};

/* Where no word ends, characters do; whatever stands before them. */
START_TEST(characters_stay_whole)
{
	for (size_t before = 0; before < 5; before++) {
		char text[400];
		size_t len = before, width = strlen(characters[_i]);

		memset(text, ' ', before);
		for (; len < 320; len += width)
			memcpy(text + len, characters[_i], width);
		text[len] = '\0';
		excerpt_write(to, SIZE, "%s", text);
		ck_assert_uint_eq(utf8_valid(to, strlen(to)), strlen(to));
		ck_assert_uint_gt(strlen(to), SIZE - 8);
		ck_assert_str_eq(to + strlen(to) - 3, "...");
	}
}
END_TEST

START_TEST(the_end_of_a_text)
{
	const char *text = "aaaa bbbb cccc dddd";

	ck_assert_str_eq(text + excerpt_tail(text, strlen(text), 12), " cccc dddd");
	text = "a.conf:1: in a/path/that/is/longer/than/any/word/config.json:1:15: unallowed token";
	ck_assert_str_eq(text + excerpt_tail(text, strlen(text), 33), "config.json:1:15: unallowed token");
	text = "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac";
	ck_assert_uint_eq(excerpt_tail(text, 9, 5), 6);
	ck_assert_uint_eq(excerpt_tail(text, 9, 6), 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("excerpt");
	TCase *tcase = tcase_create("excerpt");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, what_fits_is_taken_whole);
	tcase_add_test(tcase, ids_are_short);
	tcase_add_test(tcase, ids_are_short_before_the_cut);
	tcase_add_test(tcase, words_stay_whole);
	tcase_add_loop_test(tcase, characters_stay_whole, 0, 4);
	tcase_add_test(tcase, the_end_of_a_text);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
