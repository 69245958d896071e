/* json reader: what is JSON is read, whatever else is refused, and errors name the place. */
#include "common/json.h"
#include "common/mem.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

static struct err err;
static struct json_doc *doc;
static char *copy;

/* From memory of exactly its size, so that a byte read too far is seen. */
static bool parse_n(const char *text, size_t len, const struct json_limits *limits)
{
	free(copy);
	copy = mem_alloc(len);
	memcpy(copy, text, len);
	json_free(doc);
	return json_parse(copy, len, limits, &doc, &err);
}

static bool parse(const char *text)
{
	return parse_n(text, strlen(text), NULL);
}

static void done(void)
{
	json_free(doc);
	free(copy);
	doc = NULL;
	copy = NULL;
}

START_TEST(test_types)
{
	ck_assert(parse(
	        "{\"n\":null,\"t\":true,\"f\":false,\"i\":-12,\"r\":1.5e3,\"s\":\"x y\",\"a\":[1,[],{}],\"o\":{}}"));
	const struct json_value *root = json_root(doc);
	int64_t number;
	double real;

	ck_assert_int_eq(root->type, JSON_OBJECT);
	ck_assert_uint_eq(root->count, 8);
	ck_assert_int_eq(json_get(root, "n")->type, JSON_NULL);
	ck_assert(json_get(root, "t")->boolean);
	ck_assert(!json_get(root, "f")->boolean);
	ck_assert_int_eq(json_get(root, "f")->type, JSON_BOOL);
	ck_assert(json_int(json_get(root, "i"), &number));
	ck_assert_int_eq(number, -12);
	ck_assert(!json_int(json_get(root, "r"), &number));
	ck_assert(json_real(json_get(root, "r"), &real));
	ck_assert_double_eq(real, 1500);
	ck_assert(json_text_is(json_get(root, "s"), "x y"));
	ck_assert_uint_eq(json_get(root, "a")->count, 3);
	ck_assert_int_eq(json_get(root, "a")->first->next->type, JSON_ARRAY);
	ck_assert_int_eq(json_get(root, "a")->first->next->next->type, JSON_OBJECT);
	ck_assert_ptr_null(json_get(root, "a")->first->next->next->next);
	ck_assert_ptr_null(json_get(root, "zzz"));
	done();
}
END_TEST

START_TEST(test_scalar_alone)
{
	int64_t number;

	ck_assert(parse("12"));
	ck_assert(json_int(json_root(doc), &number));
	ck_assert_int_eq(number, 12);
	ck_assert_ptr_eq(json_root(doc)->text, copy);
	ck_assert(parse(" \"x\" "));
	ck_assert(json_text_is(json_root(doc), "x"));
	ck_assert(parse("true"));
	ck_assert_ptr_null(json_root(doc)->key);
	done();
}
END_TEST

START_TEST(test_plain_strings_are_borrowed_and_escapes_decoded)
{
	ck_assert(parse("[\"plain \xc3\xa9\", \"a\\n\\u0041\\ud83d\\ude00\\\\\\\"\\/\", \"nul\\u0000x\", \"\"]"));
	const struct json_value *value = json_root(doc)->first;

	ck_assert_ptr_eq(value->text, copy + 2);
	ck_assert(json_text_is(value, "plain \xc3\xa9"));
	value = value->next;
	ck_assert(json_text_is(value, "a\nA\xf0\x9f\x98\x80\\\"/"));
	char *text = json_dup_text(value);
	ck_assert_str_eq(text, "a\nA\xf0\x9f\x98\x80\\\"/");
	free(text);
	value = value->next;
	ck_assert_uint_eq(value->len, 5);
	ck_assert_mem_eq(value->text, "nul\0x", 5);
	ck_assert_ptr_null(json_dup_text(value));
	ck_assert_uint_eq(value->next->len, 0);
	done();
}
END_TEST

START_TEST(test_places)
{
	struct json_limits limits = {.comments = true};
	static const char text[] =
	        "// first\n{\n  \"a\" : 1,\r\n\t\"b\\n\": /* two\nlines */ [true,\n \"\\u00e9\" , 3]}";

	ck_assert(parse_n(text, sizeof(text) - 1, &limits));
	const struct json_value *root = json_root(doc), *a = root->first, *b = a->next, *item = b->first;
	const struct {
		uint32_t got, want;
	} places[] = {
	        {root->line, 2},
	        {root->column, 1},
	        {a->key_line, 3},
	        {a->key_column, 3},
	        {a->line, 3},
	        {a->column, 9},
	        {b->key_line, 4},
	        {b->key_column, 2},
	        {b->line, 5},
	        {b->column, 10},
	        {item->line, 5},
	        {item->column, 11},
	        {item->next->line, 6},
	        {item->next->column, 2},
	        {item->next->next->line, 6},
	        {item->next->next->column, 13},
	};
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		ck_assert_msg(places[i].got == places[i].want, "place %zu: %u, not %u", i, places[i].got,
		              places[i].want);
	ck_assert_str_eq(b->key, "b\n");
	ck_assert_uint_eq(b->key_len, 2);
	ck_assert_str_eq(a->key, "a");
	done();
}
END_TEST

START_TEST(test_refused_with_place)
{
	static const struct {
		const char *text, *place;
	} rows[] = {
	        {"", "line 1, column 1: "},
	        {" ", "line 1, column 2: "},
	        {"[1", "line 1, column 3: "},
	        {"[1,\n,2]", "line 2, column 1: "},
	        {"[1] x", "line 1, column 5: "},
	        {"[1][2]", "line 1, column 4: "},
	        {"1 2", "line 1, column 3: "},
	        {"{\"a\" \"b\"}", "line 1, column 6: "},
	        {"{\"a\":1,\n \"a\":2}", "line 2, column 2: "},
	        {"{\"a\":1,\"\\u0061\":2}", "line 1, column 8: "},
	        {"[\"\\ud800\"]", "line 1, column 2: "},
	        {"[\"\\ud800\\n\"]", "line 1, column 2: "},
	        {"[\"\\ud800\\ud800\"]", "line 1, column 2: "},
	        {"[\"\\ude00\"]", "line 1, column 2: "},
	        {"[\"\\ude00\\ud83d\"]", "line 1, column 2: "},
	        {"[\"\\\\\\ud83d\"]", "line 1, column 2: "},
	        {"{\"\\ud800\":1}", "line 1, column 2: "},
	        {"\f1", "line 1, column 1: "},
	        {"1\f", "line 1, column 2: "},
	        {"[1,\v2]", "line 1, column 4: "},
	        {"[\f]", "line 1, column 2: "},
	        {"{\f}", "line 1, column 2: "},
	        {"{\"a\"\f:1}", "line 1, column 5: "},
	        {"{\"a\":1\f}", "line 1, column 7: "},
	        {"{\"a\":1,\f\"b\":1}", "line 1, column 8: "},
	        {"[\"\xff\"]", "line 1, column 3: "},
	        {"[\"\xed\xa0\x80\"]", ""},
	        {"[\"\xc0\xaf\"]", ""},
	        {"[\"\xf4\x90\x80\x80\"]", ""},
	        {"\xef\xbb\xbf[]", ""},
	        {"[01]", ""},
	        {"[1.]", ""},
	        {"[.5]", ""},
	        {"[+1]", ""},
	        {"[-]", ""},
	        {"[1e]", ""},
	        {"[0x1]", ""},
	        {"[NaN]", ""},
	        {"[Infinity]", ""},
	        {"['a']", ""},
	        {"[\"\t\"]", ""},
	        {"[\"a\nb\"]", ""},
	        {"[\"\\x41\"]", ""},
	        {"[\"\\u12g4\"]", ""},
	        {"[1,]", ""},
	        {"{\"a\":1,}", ""},
	        {"{a:1}", ""},
	        {"{1:1}", ""},
	        {"{\"a\"}", ""},
	        {"{\"a\":}", ""},
	        {"[", ""},
	        {"]", ""},
	        {"{]", ""},
	        {"[}", ""},
	        {"tru", ""},
	        {"TRUE", ""},
	        {"\"a", ""},
	        {"\"\\", ""},
	        {"\"\\u00", ""},
	        {"/* c */1", ""},
	        {"1 // c", ""},
	        {"[1:2]", ""},
	        {"{\"a\",1}", ""},
	        {"-", ""},
	        {"1.5.5", ""},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		err = (struct err){.code = -1};
		ck_assert_msg(!parse(rows[i].text), "row %zu was accepted: %s", i, rows[i].text);
		ck_assert_ptr_null(doc);
		const char *place = rows[i].place[0] != '\0' ? rows[i].place : "line 1, column ";
		ck_assert_msg(strncmp(err.message, place, strlen(place)) == 0 || rows[i].text[3] == '\n',
		              "row %zu (%s): %s", i, rows[i].text, err.message);
		ck_assert_msg(strlen(err.message) > strlen("line 1, column 1: "), "%s", err.message);
	}
	done();
}
END_TEST

START_TEST(test_accepted)
{
	static const char *const texts[] = {
	        "[]",
	        "{}",
	        "0",
	        "-0",
	        "-0.0e-0",
	        "1E+2",
	        "[1e400]",
	        "\"\"",
	        "{\"\":1}",
	        "{\"a\":{\"a\":1},\"b\":{\"a\":2}}",
	        " \t\r\n[ \t\r\n1 \t\r\n, \t\r\n2 \t\r\n] \t\r\n",
	        "\"\\u0000\"",
	        "\"\x7f\"",
	        "[[[[[]]]]]",
	        "123456789012345678901234567890",
	        "[null]",
	        "\"\\ud83d\\ude00\"",
	        "\"\\\\ud800\"",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(parse(texts[i]), "%s: %s", texts[i], err.message);
	done();
}
END_TEST

START_TEST(test_bad_utf8_at_every_place)
{
	for (size_t at = 1; at < 25; at++) {
		char text[] = "\"aaaaaaaaaaaaaaaaaaaaaaaa\"", place[64];
		text[at] = '\xc1';
		snprintf(place, sizeof(place), "line 1, column %zu: this is not UTF-8", at + 1);
		ck_assert(!parse(text));
		ck_assert_str_eq(err.message, place);
		text[at] = at < 24 ? '\xc3' : 'a';
		if (at < 24)
			text[at + 1] = '\xa9';
		ck_assert_msg(parse(text), "%s", err.message);
	}
	done();
}
END_TEST

START_TEST(test_nul_bytes_are_no_end)
{
	ck_assert(!parse_n("[1]\0", 4, NULL));
	ck_assert(!parse_n("[\"a\0b\"]", 7, NULL));
	ck_assert(!parse_n("\0", 1, NULL));
	done();
}
END_TEST

START_TEST(test_depth)
{
	struct json_limits limits = {.depth = 2};
	static const char deep[] = "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", close[] = "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]";
	char text[80];

	ck_assert(parse_n("[{}]", 4, &limits));
	ck_assert(!parse_n("[{\"a\":[]}]", 10, &limits));
	ck_assert_str_eq(err.message, "line 1, column 7: nested too deep");
	snprintf(text, sizeof(text), "%s%s", deep, close);
	ck_assert(parse(text));
	snprintf(text, sizeof(text), "[%s%s]", deep, close);
	ck_assert(!parse(text));
	done();
}
END_TEST

START_TEST(test_nodes)
{
	struct json_limits limits = {.nodes = 4};

	ck_assert(parse_n("[1,2,3]", 7, &limits));
	ck_assert(!parse_n("[1,2,3,4]", 9, &limits));
	ck_assert_str_eq(err.message, "line 1, column 8: too many values");
	done();
}
END_TEST

START_TEST(test_comments_where_allowed)
{
	struct json_limits limits = {.comments = true};

	static const struct {
		const char *text;
		bool good;
	} rows[] = {
	        {"/* a */ [1 /* b */, // c\n 2] // d", true},
	        {"// x\n1", true},
	        {"1 /* open", false},
	        {"1 /", false},
	        {"/**/1/**/", true},
	        {"[1 /* * / **/]", true},
	        {"/* \f */1", true},
	        {"1 / 2", false},
	        {"/*/1", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(parse_n(rows[i].text, strlen(rows[i].text), &limits) == rows[i].good, "%s", rows[i].text);
	done();
}
END_TEST

/* 50,000 members: takes minutes if each key is compared with each. */
START_TEST(test_duplicates_in_big_objects)
{
	struct buf buf;

	buf_init(&buf, 10000000);
	ck_assert(buf_add_text(&buf, "{"));
	for (int i = 0; i < 50000; i++)
		ck_assert(buf_add_format(&buf, "\"key%d\":1,\n", i));
	ck_assert(buf_add_text(&buf, "\"last\":1}"));
	ck_assert(parse_n(buf.data, buf.len, NULL));
	ck_assert_uint_eq(json_root(doc)->count, 50001);
	buf.len--;
	ck_assert(buf_add_text(&buf, ",\"key777\":2}"));
	ck_assert(!parse_n(buf.data, buf.len, NULL));
	ck_assert_str_eq(err.message, "line 50001, column 10: the key \"key777\" is there twice");
	buf_clear(&buf);
	done();
}
END_TEST

START_TEST(test_path_and_null)
{
	int64_t number;

	ck_assert(parse("{\"State\":{\"ExitCode\":137,\"List\":[1]}}"));
	ck_assert(json_int(json_path(json_root(doc), "State", "ExitCode", NULL), &number));
	ck_assert_int_eq(number, 137);
	ck_assert_ptr_null(json_path(json_root(doc), "State", "List", "x", NULL));
	ck_assert_ptr_null(json_path(json_root(doc), "Nope", "x", NULL));
	ck_assert_ptr_null(json_path(NULL, "x", NULL));
	ck_assert(!json_int(NULL, &number));
	ck_assert(!json_real(NULL, &(double){0}));
	ck_assert(!json_text_is(NULL, "x"));
	ck_assert_ptr_null(json_dup_text(NULL));
	done();
}
END_TEST

START_TEST(test_int_range)
{
	static const struct {
		const char *text;
		bool good;
		int64_t number;
	} rows[] = {
	        {"9223372036854775807", true, INT64_MAX},
	        {"-9223372036854775808", true, INT64_MIN},
	        {"9223372036854775808", false, 0},
	        {"-9223372036854775809", false, 0},
	        {"0", true, 0},
	        {"-0", true, 0},
	        {"1.0", false, 0},
	        {"1e1", false, 0},
	        {"99999999999999999999", false, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t number = 0;
		ck_assert(parse(rows[i].text));
		ck_assert_msg(json_int(json_root(doc), &number) == rows[i].good, "%s", rows[i].text);
		ck_assert_int_eq(number, rows[i].number);
	}
	double real;
	ck_assert(parse("1e400"));
	ck_assert(!json_real(json_root(doc), &real));
	done();
}
END_TEST

UNIT_MAIN("json_read", test_types, test_scalar_alone, test_plain_strings_are_borrowed_and_escapes_decoded, test_places,
          test_refused_with_place, test_accepted, test_bad_utf8_at_every_place, test_nul_bytes_are_no_end, test_depth,
          test_nodes, test_comments_where_allowed, test_duplicates_in_big_objects, test_path_and_null, test_int_range)
