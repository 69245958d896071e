/* err and clock: messages are whole or cut, never overrun. */
#include "common/clock.h"
#include "common/err.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

START_TEST(test_sets_code_and_message)
{
	struct err err = {.code = 7};

	ck_assert(!err_set(&err, "no %s", "luck"));
	ck_assert_int_eq(err.code, 0);
	ck_assert_str_eq(err.message, "no luck");
	ck_assert(!err_set_code(&err, 12, "n=%d", 3));
	ck_assert_int_eq(err.code, 12);
	ck_assert_str_eq(err.message, "n=3");
}
END_TEST

START_TEST(test_errno_text_follows)
{
	struct err err;

	ck_assert(!err_set_errno(&err, ENOENT, "open %s", "x"));
	ck_assert_int_eq(err.code, ENOENT);
	ck_assert_str_eq(err.message, "open x: No such file or directory");
}
END_TEST

START_TEST(test_prefix_keeps_code_and_may_quote_itself)
{
	struct err err;

	err_set_code(&err, 5, "deep");
	ck_assert(!err_prefix(&err, "outer %d", 1));
	ck_assert_str_eq(err.message, "outer 1: deep");
	ck_assert_int_eq(err.code, 5);
	err_set(&err, "again %s", err.message);
	ck_assert_str_eq(err.message, "again outer 1: deep");
}
END_TEST

START_TEST(test_long_messages_are_cut)
{
	struct err err;
	char text[2000];

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	err_set(&err, "%s", text);
	ck_assert_uint_eq(strlen(err.message), sizeof(err.message) - 1);
	err_prefix(&err, "%s", text);
	ck_assert_uint_eq(strlen(err.message), sizeof(err.message) - 1);
	err_set_errno(&err, EIO, "%s", text);
	ck_assert_uint_eq(strlen(err.message), sizeof(err.message) - 1);
}
END_TEST

START_TEST(test_nobody_need_listen)
{
	ck_assert(!err_set(NULL, "x"));
	ck_assert(!err_set_code(NULL, 1, "x"));
	ck_assert(!err_set_errno(NULL, 1, "x"));
	ck_assert(!err_prefix(NULL, "x"));
}
END_TEST

START_TEST(test_clock_can_be_set)
{
	int64_t before = clock_us();

	clock_fake(1234567);
	ck_assert_int_eq(clock_us(), 1234567);
	ck_assert_int_eq(clock_ms(), 1234);
	clock_fake(-1);
	ck_assert_int_ge(clock_us(), before);
}
END_TEST

UNIT_MAIN("err", test_sets_code_and_message, test_errno_text_follows, test_prefix_keeps_code_and_may_quote_itself,
          test_long_messages_are_cut, test_nobody_need_listen, test_clock_can_be_set)
