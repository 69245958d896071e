/* http_chunked: bodies come out the same however they are cut; everything odd is refused. */
#include "common/http_chunked.h"
#include "common/mem.h"
#include "tests/unit/unit.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static char body[65536];
static size_t body_len;

/* Feeds data in pieces of `step` bytes; *taken is where the message ended. */
static enum http_parse decode(const char *data, size_t len, size_t step, size_t *taken)
{
	struct http_chunked chunked;
	enum http_parse parse = HTTP_PARSE_MORE;

	http_chunked_init(&chunked);
	body_len = 0;
	for (size_t from = 0; from < len && parse == HTTP_PARSE_MORE; from += step) {
		size_t there = len - from < step ? len - from : step, at = 0, piece, piece_len;
		char *copy = mem_dup_n(data + from, there);
		do {
			parse = http_chunked_next(&chunked, copy, there, &at, &piece, &piece_len);
			memcpy(body + body_len, copy + piece, piece_len);
			body_len += piece_len;
		} while (parse == HTTP_PARSE_MORE && piece_len > 0);
		if (parse == HTTP_PARSE_MORE)
			ck_assert_uint_eq(at, there);
		*taken = from + at;
		free(copy);
	}
	return parse;
}

START_TEST(test_good)
{
	static const struct {
		const char *data, *body;
	} rows[] = {
	        {"0\r\n\r\n", ""},
	        {"5\r\nhello\r\n0\r\n\r\n", "hello"},
	        {"5\r\nhello\r\n6\r\n world\r\n000\r\n\r\n", "hello world"},
	        {"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789"},
	        {"5;a=b\r\nhello\r\n0;x=\"y z\"\r\n\r\n", "hello"},
	        {"5 \t;a\r\nhello\r\n0\r\n\r\n", "hello"},
	        {"3\r\n\r\n\r\r\n0\r\nX-A: b\r\nY:\r\n\r\n", "\r\n\r"},
	        {"0000000000000005\r\nhello\r\n0\r\n\r\n", "hello"},
	        {"00000000000000000000000000000000000000005\r\nhello\r\n000000000000000000000000\r\n\r\n", "hello"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char data[200];
		size_t len = strlen(rows[i].data), taken = 0;
		snprintf(data, sizeof(data), "%sGET / HTTP/1.1", rows[i].data);
		for (size_t step = 1; step < strlen(data); step++) {
			ck_assert_int_eq(decode(data, strlen(data), step, &taken), HTTP_PARSE_DONE);
			ck_assert_uint_eq(taken, len);
			ck_assert_uint_eq(body_len, strlen(rows[i].body));
			ck_assert_mem_eq(body, rows[i].body, body_len);
		}
	}
}
END_TEST

START_TEST(test_bad)
{
	static const char *const rows[] = {
	        "\r\n",
	        "\n",
	        "0x5\r\n",
	        "+5\r\n",
	        "-5\r\n",
	        " 5\r\n",
	        "5 \r\n",
	        "5 junk\r\n",
	        "g\r\n",
	        ";a\r\n",
	        "5\nhello",
	        "5\rhello",
	        "5\r\r\n",
	        "5\r\nhelloX",
	        "5\r\nhello\n",
	        "5\r\nhello\rX",
	        "5\r\nhello\r\n\r\n",
	        "0\n",
	        "0\r\n\n",
	        "0\r\n\rX",
	        "0\r\n: v\r\n",
	        "0\r\n a: v\r\n",
	        "0\r\na : v\r\n",
	        "0\r\na\r\n",
	        "0\r\na: \x01\r\n",
	        "0\r\na: b\n",
	        "0\r\na: b\rc",
	        "5;a\nhello",
	        "5;\x01\r\n",
	        "1000000000000001\r\n",
	        "00000000001000000000000001\r\n",
	        "ffffffffffffffff\r\n",
	        "5_\r\n",
	        "5,\r\n",
	        "0\r\na: b\r\n c: d\r\n",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t taken;
		for (size_t step = 1; step <= strlen(rows[i]); step++)
			ck_assert_msg(decode(rows[i], strlen(rows[i]), step, &taken) == HTTP_PARSE_BAD, "row %zu", i);
	}
}
END_TEST

START_TEST(test_nul_is_bad_everywhere)
{
	static const char good[] = "5;a=b\r\nhello\r\n0\r\na: b\r\n\r\n";

	for (size_t i = 0; i < sizeof(good) - 1; i++) {
		char data[sizeof(good)];
		size_t taken;
		if (i >= 7 && i < 12)
			continue; /* body */
		memcpy(data, good, sizeof(good));
		data[i] = '\0';
		ck_assert_int_eq(decode(data, sizeof(good) - 1, sizeof(good), &taken), HTTP_PARSE_BAD);
	}
}
END_TEST

static enum http_parse decode_long(const char *start, char fill, size_t count, const char *unit)
{
	static char data[40000];
	size_t len = strlen(start), taken;

	memcpy(data, start, len);
	for (size_t i = 0; i < count; i++) {
		if (unit == NULL)
			data[len++] = fill;
		else
			for (const char *c = unit; *c != '\0'; c++)
				data[len++] = *c;
	}
	return decode(data, len, len, &taken);
}

START_TEST(test_lines_and_trailers_are_bounded)
{
	ck_assert_int_eq(decode_long("5;", 'a', 900, NULL), HTTP_PARSE_MORE);
	ck_assert_int_eq(decode_long("5;", 'a', 1100, NULL), HTTP_PARSE_BAD);
	ck_assert_int_eq(decode_long("", '0', 1000, NULL), HTTP_PARSE_MORE);
	ck_assert_int_eq(decode_long("", '0', 1100, NULL), HTTP_PARSE_BAD);
	ck_assert_int_eq(decode_long("0\r\n", 'a', 8000, NULL), HTTP_PARSE_MORE);
	ck_assert_int_eq(decode_long("0\r\n", 'a', 8200, NULL), HTTP_PARSE_BAD);
	ck_assert_int_eq(decode_long("0\r\n", 0, 1300, "a: b\r\n"), HTTP_PARSE_MORE);
	ck_assert_int_eq(decode_long("0\r\n", 0, 1400, "a: b\r\n"), HTTP_PARSE_BAD);
}
END_TEST

/* In sum over the message, or a body of one byte would bring as much of them as it likes. */
START_TEST(test_extensions_are_bounded_in_sum)
{
	static const char extension[] = "1 ;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nx\r\n"; /* 32 bytes of it */
	static const char zeros[] = "000000000000000000000000000000001\r\nx\r\n";     /* 32 of those */

	ck_assert_int_eq(decode_long("", 0, 512, extension), HTTP_PARSE_MORE);
	ck_assert_int_eq(decode_long("", 0, 513, extension), HTTP_PARSE_BAD);
	ck_assert_int_eq(decode_long("", 0, 512, zeros), HTTP_PARSE_MORE);
	ck_assert_int_eq(decode_long("", 0, 513, zeros), HTTP_PARSE_BAD);
	ck_assert_int_eq(decode_long("", 0, 6000, "1\r\nx\r\n"), HTTP_PARSE_MORE);
}
END_TEST

START_TEST(test_stays_done_and_bad)
{
	struct http_chunked chunked;
	size_t at = 0, piece, piece_len;

	http_chunked_init(&chunked);
	ck_assert_int_eq(http_chunked_next(&chunked, "0\r\n\r\nx", 6, &at, &piece, &piece_len), HTTP_PARSE_DONE);
	ck_assert_int_eq(http_chunked_next(&chunked, "0\r\n\r\nx", 6, &at, &piece, &piece_len), HTTP_PARSE_DONE);
	ck_assert_uint_eq(at, 5);
	http_chunked_init(&chunked);
	at = 0;
	ck_assert_int_eq(http_chunked_next(&chunked, "x5\r\n", 4, &at, &piece, &piece_len), HTTP_PARSE_BAD);
	ck_assert_int_eq(http_chunked_next(&chunked, "x5\r\n", 4, &at, &piece, &piece_len), HTTP_PARSE_BAD);
}
END_TEST

START_TEST(test_the_largest_chunk)
{
	struct http_chunked chunked;
	size_t at = 0, piece, piece_len;
	static const char data[] = "1000000000000000\r\nabc";

	http_chunked_init(&chunked);
	ck_assert_int_eq(http_chunked_next(&chunked, data, sizeof(data) - 1, &at, &piece, &piece_len), HTTP_PARSE_MORE);
	ck_assert_uint_eq(piece_len, 3);
	ck_assert_uint_eq(chunked.left, (UINT64_C(1) << 60) - 3);
}
END_TEST

UNIT_MAIN("http_chunked", test_good, test_bad, test_nul_is_bad_everywhere, test_lines_and_trailers_are_bounded,
          test_extensions_are_bounded_in_sum, test_stays_done_and_bad, test_the_largest_chunk)
