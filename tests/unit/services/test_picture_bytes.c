/* Base64 into bytes, of every length; and what they begin with. */
#include "services/acts/picture_bytes.h"

#include "tests/unit/unit.h"

#include <stdbool.h>
#include <string.h>

static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Writes it bit by bit, which is another way than the one under test. Returns its length. */
static size_t encode(const unsigned char *bytes, size_t len, bool padded, char *text)
{
	size_t at = 0;

	for (size_t bit = 0; bit < len * 8; bit += 6) {
		unsigned six = 0;
		for (size_t i = bit; i < bit + 6; i++)
			six = six << 1 | (i < len * 8 ? bytes[i / 8] >> (7 - i % 8) & 1U : 0);
		text[at++] = LETTERS[six];
	}
	while (padded && at % 4 != 0)
		text[at++] = '=';
	return at;
}

START_TEST(every_length)
{
	unsigned char bytes[300];
	char text[404], out[404];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 151 + 7);
	for (size_t len = 1; len <= sizeof(bytes); len++) {
		for (int padded = 0; padded < 2; padded++) {
			size_t text_len = encode(bytes, len, padded != 0, text);
			ck_assert_uint_eq(picture_bytes_size(text_len, text + text_len - 2), len);
			ck_assert_uint_eq(picture_bytes_decode(text, text_len, out), len);
			ck_assert_mem_eq(out, bytes, len);
			ck_assert_uint_eq(picture_bytes_decode(text, text_len, text), len); /* in place */
			ck_assert_mem_eq(text, bytes, len);
		}
	}
}
END_TEST

START_TEST(bits_that_are_too_many_are_left_out)
{
	char out[4];

	ck_assert_uint_eq(picture_bytes_decode("QR==", 4, out), 1);
	ck_assert_int_eq(out[0], 'A');
	ck_assert_uint_eq(picture_bytes_decode("QUJ", 3, out), 2);
	ck_assert_mem_eq(out, "AB", 2);
}
END_TEST

/* braces in macros: versions of clang-format differ */
/* clang-format off */
#define BYTES(text) text, sizeof(text) - 1
/* clang-format on */

START_TEST(kinds)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *type;
	} cases[] = {
	        {BYTES("\xff\xd8\xff\xe0\0\x10JFIF"), "image/jpeg"},
	        {BYTES("\x89PNG\r\n\x1a\n\0\0"), "image/png"},
	        {BYTES("GIF87a...."), "image/gif"},
	        {BYTES("GIF89a"), "image/gif"},
	        {BYTES("RIFF\x10\0\0\0WEBPVP8 "), "image/webp"},
	        {BYTES("RIFF\x10\0\0\0WAVEfmt "), "application/octet-stream"},
	        {BYTES("RIFF\x10\0\0\0WEB"), "application/octet-stream"},
	        {BYTES("\x89PNG\n\x1a\n\0\0"), "application/octet-stream"},
	        {BYTES("\xff\xd8"), "application/octet-stream"},
	        {BYTES("<svg xmlns="), "application/octet-stream"},
	        {BYTES("<html>"), "application/octet-stream"},
	        {BYTES(""), "application/octet-stream"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_str_eq(picture_bytes_type(cases[i].bytes, cases[i].len), cases[i].type);
}
END_TEST

UNIT_MAIN("picture_bytes", every_length, bits_that_are_too_many_are_left_out, kinds)
