/* utf8: exactly the characters of Unicode in their shortest form, whole, and nothing else. */
#include "common/utf8.h"

#include "tests/unit/unit.h"

#include <stdbool.h>
#include <string.h>

/* Writes a code point in a form of len bytes, the shortest or not. */
static void put(char *to, unsigned code, size_t len)
{
	static const unsigned char leads[] = {0, 0x00, 0xc0, 0xe0, 0xf0};

	for (size_t i = len - 1; i > 0; i--, code >>= 6)
		to[i] = (char)(0x80 | (code & 0x3f));
	to[0] = (char)(leads[len] | code);
}

static size_t shortest(unsigned code)
{
	return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

/* All that 1 to 4 bytes can say: up to 0x1fffff, surrogates and forms that are too long included. */
START_TEST(every_code_point_in_every_form)
{
	static const unsigned most[] = {0, 0x7f, 0x7ff, 0xffff, 0x1fffff};

	for (size_t len = 1; len <= 4; len++) {
		for (unsigned code = 0; code <= most[len]; code++) {
			char text[4];
			bool good = len == shortest(code) && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
			put(text, code, len);
			ck_assert_msg(utf8_sequence(text, 4) == (good ? len : 0), "U+%X in %zu bytes", code, len);
		}
	}
}
END_TEST

START_TEST(what_is_cut_or_broken)
{
	static const char *const whole[] = {"\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};

	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		size_t len = strlen(whole[i]);
		ck_assert_uint_eq(utf8_sequence(whole[i], len), len);
		for (size_t left = 1; left < len; left++) {
			char text[8];
			ck_assert_uint_eq(utf8_sequence(whole[i], left), 0);
			memcpy(text, whole[i], len);
			text[left] = 'x';
			ck_assert_uint_eq(utf8_sequence(text, len), 0);
		}
	}
	ck_assert_uint_eq(utf8_sequence("\x80", 1), 0);
	ck_assert_uint_eq(utf8_sequence("\xff\xff\xff\xff", 4), 0);
}
END_TEST

/* At every offset, so that the words of eight bytes are met everywhere. */
START_TEST(the_first_wrong_byte)
{
	char text[40];

	for (size_t at = 0; at < sizeof(text); at++) {
		memset(text, 'a', sizeof(text));
		ck_assert_uint_eq(utf8_valid(text, sizeof(text)), sizeof(text));
		text[at] = (char)0xe4;
		ck_assert_uint_eq(utf8_valid(text, sizeof(text)), at);
		text[at] = '\0';
		ck_assert_uint_eq(utf8_valid(text, sizeof(text)), sizeof(text));
		if (at + 3 > sizeof(text))
			continue;
		memcpy(text + at, "\xe2\x82\xac", 3);
		ck_assert_uint_eq(utf8_valid(text, sizeof(text)), sizeof(text));
		ck_assert_uint_eq(utf8_valid(text, at + 2), at);
	}
	ck_assert_uint_eq(utf8_valid("", 0), 0);
}
END_TEST

UNIT_MAIN("utf8", every_code_point_in_every_form, what_is_cut_or_broken, the_first_wrong_byte)
