/* json writer: what it writes, the reader reads back the same. */
#include "common/json.h"
#include "tests/unit/unit.h"

#include <float.h>
#include <stdio.h>
#include <string.h>

static struct buf buf;
static struct json_writer w;

static void begin(size_t max)
{
	buf_init(&buf, max);
	json_writer_init(&w, &buf);
}

START_TEST(test_commas_and_nesting)
{
	begin(1000);
	json_begin_object(&w);
	json_member_number(&w, "a", -5);
	json_key(&w, "b");
	json_begin_array(&w);
	json_begin_array(&w);
	json_end_array(&w);
	json_null(&w);
	json_bool(&w, true);
	json_unsigned(&w, UINT64_MAX);
	json_raw(&w, "{}", 2);
	json_end_array(&w);
	json_member_text(&w, "c", NULL);
	json_member_bool(&w, "d", false);
	json_member_text(&w, "e", "x");
	json_end_object(&w);
	ck_assert(json_writer_ok(&w));
	ck_assert_str_eq(buf_text(&buf), "{\"a\":-5,\"b\":[[],null,true,18446744073709551615,{}],\"c\":null,"
	                                 "\"d\":false,\"e\":\"x\"}");
	buf_clear(&buf);
}
END_TEST

START_TEST(test_escapes)
{
	begin(1000);
	json_text_n(&w, "a\"b\\c\n\t\r\b\f\x01\x1f\x7f/\0z", 16);
	ck_assert_str_eq(buf_text(&buf), "\"a\\\"b\\\\c\\n\\t\\r\\b\\f\\u0001\\u001f\x7f/\\u0000z\"");
	buf_clear(&buf);
}
END_TEST

START_TEST(test_utf8)
{
	static const struct {
		const char *text, *written;
	} rows[] = {
	        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
	        {"\xff", "\"\xef\xbf\xbd\""},
	        {"\xc3", "\"\xef\xbf\xbd\""},
	        {"\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
	        {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
	        {"\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
	        {"\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
	        {"a\x80z", "\"a\xef\xbf\xbdz\""},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(1000);
		json_text(&w, rows[i].text);
		ck_assert_str_eq(buf_text(&buf), rows[i].written);
		buf_clear(&buf);
	}
}
END_TEST

/* The writer looks at eight bytes at a time; nothing may slip through at any place among them. */
START_TEST(test_special_bytes_at_every_place)
{
	static const struct {
		char byte;
		const char *written;
	} rows[] = {
	        {'"', "\\\""}, {'\\', "\\\\"}, {'\x1f', "\\u001f"}, {'\0', "\\u0000"}, {'\x80', "\xef\xbf\xbd"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t at = 0; at < 24; at++) {
			char text[24], wanted[64];
			memset(text, 'a', sizeof(text));
			text[at] = rows[i].byte;
			snprintf(wanted, sizeof(wanted), "\"%.*s%s%.*s\"", (int)at, "aaaaaaaaaaaaaaaaaaaaaaaa",
			         rows[i].written, (int)(23 - at), "aaaaaaaaaaaaaaaaaaaaaaaa");
			begin(100);
			json_text_n(&w, text, sizeof(text));
			ck_assert_str_eq(buf_text(&buf), wanted);
			buf_clear(&buf);
		}
	}
}
END_TEST

/* Every code point comes back, and no string of two bytes makes text that is not JSON. */
START_TEST(test_whatever_is_written_can_be_read)
{
	struct json_doc *doc;
	struct err err;

	for (unsigned pair = 0; pair < 65536; pair++) {
		char text[2] = {(char)(pair >> 8), (char)(pair & 255)};
		begin(100);
		json_text_n(&w, text, 2);
		ck_assert_msg(json_parse(buf.data, buf.len, NULL, &doc, &err), "%04x: %s", pair, err.message);
		if (pair >> 8 < 128 && (pair & 255) < 128)
			ck_assert_mem_eq(json_root(doc)->text, text, 2);
		json_free(doc);
		buf_clear(&buf);
	}
}
END_TEST

START_TEST(test_decimals_are_short_and_read_back)
{
	static const struct {
		double number;
		const char *text;
	} rows[] = {
	        {0.1, "0.1"},
	        {1, "1"},
	        {-2.5, "-2.5"},
	        {100, "100"},
	        {1e300, "1e+300"},
	        {0, "0"},
	        {1.0 / 3, "0.3333333333333333"},
	        {123456789.125, "123456789.125"},
	        {5e-324, "5e-324"},
	        {DBL_MAX, "1.7976931348623157e+308"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(100);
		json_decimal(&w, rows[i].number);
		ck_assert_str_eq(buf_text(&buf), rows[i].text);
		ck_assert_double_eq(strtod(buf_text(&buf), NULL), rows[i].number);
		buf_clear(&buf);
	}
}
END_TEST

START_TEST(test_full_is_remembered)
{
	begin(10);
	json_begin_array(&w);
	json_text(&w, "0123456789");
	json_number(&w, 1);
	json_end_array(&w);
	ck_assert(!json_writer_ok(&w));
	ck_assert_uint_le(buf.len, 10);
	buf_clear(&buf);
}
END_TEST

START_TEST(test_depth_32)
{
	begin(100);
	for (int i = 0; i < 32; i++)
		json_begin_array(&w);
	for (int i = 0; i < 32; i++)
		json_end_array(&w);
	ck_assert(json_writer_ok(&w));
	ck_assert_uint_eq(buf.len, 64);
	buf_clear(&buf);
}
END_TEST

UNIT_MAIN("json_write", test_commas_and_nesting, test_escapes, test_utf8, test_special_bytes_at_every_place,
          test_whatever_is_written_can_be_read, test_decimals_are_short_and_read_back, test_full_is_remembered,
          test_depth_32)
