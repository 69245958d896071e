/* hex: every byte is a digit of the right value, or none. */
#include "common/hex.h"

#include "tests/unit/unit.h"

#include <string.h>

START_TEST(every_byte)
{
	static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";

	for (int c = -128; c < 256; c++) {
		const char *at = (char)c != '\0' ? strchr(lower, (char)c) : NULL, *start = lower;
		if (at == NULL && (char)c != '\0') {
			at = strchr(upper, (char)c);
			start = upper;
		}
		ck_assert_int_eq(hex_value((char)c), at != NULL ? (int)(at - start) : -1);
	}
}
END_TEST

START_TEST(digits_of_the_lowest_bits)
{
	for (unsigned value = 0; value < 256; value++) {
		ck_assert_int_eq(hex_value(hex_digit(value)), (int)(value % 16));
		ck_assert_int_eq(hex_digit(value) >= 'A' && hex_digit(value) <= 'F', 0);
	}
}
END_TEST

UNIT_MAIN("hex", every_byte, digits_of_the_lowest_bits)
