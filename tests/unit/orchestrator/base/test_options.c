/* options: every type, every way to be wrong with its place, printing that reads back, comparing. */
#include "orchestrator/base/options.h"
#include "tests/unit/unit.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct inner {
	int64_t n;
	char *name;
	struct strings list;
};

struct outer {
	bool flag;
	int64_t count;
	double share;
	char *text;
	char *maybe;
	int level;
	struct strings words;
	struct strings env;
	struct inner one;
	struct option_array many;
};

static const char *const levels[] = {"low", "high", NULL};

static const struct option inner_rows[] = {
        {.key = "n",
         .type = OPTION_INT,
         .offset = offsetof(struct inner, n),
         .min = 1,
         .max = 9,
         .fallback = "3",
         .unit = "ms",
         .help = "A number."},
        {.key = "name",
         .type = OPTION_TEXT,
         .offset = offsetof(struct inner, name),
         .min = 1,
         .max = 8,
         .fallback = "\"x\"",
         .help = "A name."},
        {.key = "list",
         .type = OPTION_TEXTS,
         .offset = offsetof(struct inner, list),
         .max = 2,
         .fallback = "[]",
         .help = "Some texts."},
        OPTION_END,
};

static const struct option many_rows[] = {
        {.key = "n", .type = OPTION_INT, .offset = offsetof(struct inner, n), .min = 1, .max = 9, .help = "Required."},
        {.key = "name",
         .type = OPTION_TEXT,
         .offset = offsetof(struct inner, name),
         .min = 1,
         .max = 8,
         .fallback = "null",
         .help = "A name."},
        OPTION_END,
};

#define AT(member) .offset = offsetof(struct outer, member)
static const struct option rows[] = {
        {.key = "flag", .type = OPTION_BOOL, AT(flag), .fallback = "true", .reloadable = true, .help = "A switch."},
        {.key = "count", .type = OPTION_INT, AT(count), .min = 1, .max = 100, .fallback = "0", .help = "0 is not set."},
        {.key = "share", .type = OPTION_REAL, AT(share), .min = 0.5, .max = 2, .fallback = "1.5", .help = "A share."},
        {.key = "text", .type = OPTION_TEXT, AT(text), .min = 1, .max = 5, .fallback = "\"abc\"", .help = "A text."},
        {.key = "maybe", .type = OPTION_TEXT, AT(maybe), .min = 1, .max = 5, .fallback = "null", .help = "Or none."},
        {.key = "level", .type = OPTION_ENUM, AT(level), .fallback = "\"high\"", .words = levels, .help = "How much."},
        {.key = "words",
         .type = OPTION_TEXTS,
         AT(words),
         .min = 1,
         .max = 2,
         .fallback = "[\"p\", \"q\"]",
         .help = "W."},
        {.key = "env", .type = OPTION_ENV, AT(env), .fallback = "{}", .help = "Environment."},
        {.key = "one", .type = OPTION_TABLE, AT(one), .table = inner_rows, .help = "One of them."},
        {.key = "many",
         .type = OPTION_TABLES,
         AT(many),
         .min = 0,
         .max = 3,
         .table = many_rows,
         .item_size = sizeof(struct inner),
         .help = "Several."},
        OPTION_END,
};

static struct err err;
static char path[OPTIONS_PATH_SIZE];

/* As if none of the rows were reloadable. */
static bool may_change(const struct outer *from, const struct outer *to)
{
	struct option fixed[sizeof(rows) / sizeof(rows[0])];

	memcpy(fixed, rows, sizeof(rows));
	for (struct option *row = fixed; row->key != NULL; row++)
		row->reloadable = false;
	return options_may_change(fixed, from, to, path);
}

static bool read_from(const char *text, struct outer *out)
{
	struct json_limits limits = {.comments = true};
	struct json_doc *doc;

	*out = (struct outer){0};
	ck_assert_msg(json_parse(text, strlen(text), &limits, &doc, &err), "%s", err.message);
	bool ok = options_read(rows, "f.json", json_root(doc), out, &err);
	json_free(doc);
	return ok;
}

START_TEST(test_defaults)
{
	struct outer out = {0};

	ck_assert(options_read(rows, "f.json", NULL, &out, &err));
	ck_assert(out.flag);
	ck_assert_int_eq(out.count, 0);
	ck_assert_double_eq(out.share, 1.5);
	ck_assert_str_eq(out.text, "abc");
	ck_assert_ptr_null(out.maybe);
	ck_assert_int_eq(out.level, 1);
	ck_assert_uint_eq(out.words.count, 2);
	ck_assert_str_eq(out.words.items[1], "q");
	ck_assert_uint_eq(out.env.count, 0);
	ck_assert_int_eq(out.one.n, 3);
	ck_assert_str_eq(out.one.name, "x");
	ck_assert_uint_eq(out.many.count, 0);
	options_clear(rows, &out);
}
END_TEST

START_TEST(test_every_type_from_the_file)
{
	struct outer out;

	ck_assert_msg(
	        read_from(
	                "{\"flag\":false,\"count\":100,\"share\":0.5,\"text\":\"y\",\"maybe\":\"z\",\"level\":\"low\","
	                "\"words\":\"single\",\"env\":{\"A\":\"1\",\"B\":\"x=y\"},\"one\":{\"n\":9,\"list\":[\"k\",\"l\"]},"
	                "\"many\":[{\"n\":1},{\"n\":2,\"name\":\"two\"}]}",
	                &out),
	        "%s", err.message);
	ck_assert(!out.flag);
	ck_assert_int_eq(out.count, 100);
	ck_assert_double_eq(out.share, 0.5);
	ck_assert_str_eq(out.text, "y");
	ck_assert_str_eq(out.maybe, "z");
	ck_assert_int_eq(out.level, 0);
	ck_assert_uint_eq(out.words.count, 1);
	ck_assert_str_eq(out.words.items[0], "single");
	ck_assert_str_eq(out.env.items[1], "B=x=y");
	ck_assert_int_eq(out.one.n, 9);
	ck_assert_str_eq(out.one.name, "x");
	ck_assert_uint_eq(out.one.list.count, 2);
	ck_assert_uint_eq(out.many.count, 2);
	const struct inner *items = out.many.items;
	ck_assert_int_eq(items[1].n, 2);
	ck_assert_str_eq(items[1].name, "two");
	ck_assert_ptr_null(items[0].name);
	options_clear(rows, &out);
	ck_assert_ptr_null(out.text);
}
END_TEST

START_TEST(test_every_fault_says_where_what_and_what_is_allowed)
{
	static const struct {
		const char *text, *message;
	} faults[] = {
	        {"[]", "f.json:1:1: is an array, must be an object"},
	        {"{\n \"nope\": 1}", "f.json:2:2: nope: unknown key"},
	        {"{\"flag\":1}", "f.json:1:9: flag: is a number, must be true or false"},
	        {"{\"count\":\"1\"}", "f.json:1:10: count: is a string, must be a whole number from 1 to 100"},
	        {"{\"count\":0}", "f.json:1:10: count: is 0, must be a whole number from 1 to 100"},
	        {"{\"count\":101}", "f.json:1:10: count: is 101, must be a whole number from 1 to 100"},
	        {"{\"count\":1.5}", "f.json:1:10: count: is 1.5, must be a whole number from 1 to 100"},
	        {"{\"share\":null}", "f.json:1:10: share: is null, must be a number from 0.5 to 2"},
	        {"{\"share\":2.5}", "f.json:1:10: share: is 2.5, must be a number from 0.5 to 2"},
	        {"{\"share\":1e999}", "f.json:1:10: share: is 1e999, must be a number from 0.5 to 2"},
	        {"{\"text\":true}", "f.json:1:9: text: is true or false, must be a string"},
	        {"{\"text\":null}", "f.json:1:9: text: is null, must be a string"},
	        {"{\"text\":\"\"}", "f.json:1:9: text: is 0 bytes long, must be 1 to 5"},
	        {"{\"text\":\"a\\u0000\"}", "f.json:1:9: text: must not hold a NUL"},
	        {"{\"level\":\"mid\"}", "f.json:1:10: level: is \"mid\", must be one of \"low\", \"high\""},
	        {"{\"level\":{}}", "f.json:1:10: level: is an object, must be one of \"low\", \"high\""},
	        {"{\"words\":1}", "f.json:1:10: words: is a number, must be a string or an array of strings"},
	        {"{\"words\":[]}", "f.json:1:10: words: has 0 elements, must have 1 to 2"},
	        {"{\"words\":[\"a\",\n7]}", "f.json:2:1: words[1]: is a number, must be a string"},
	        {"{\"env\":[]}", "f.json:1:8: env: is an array, must be an object"},
	        {"{\"env\":{\"A\":1}}", "f.json:1:13: env.A: is a number, must be a string"},
	        {"{\"env\":{\"\":\"1\"}}", "f.json:1:12: env.: cannot be the name of an environment variable"},
	        {"{\"env\":{\"A=\":\"1\"}}", "f.json:1:14: env.A=: cannot be the name of an environment variable"},
	        {"{\"env\":{\"A\":\"\\u0000\"}}", "f.json:1:13: env.A: must not hold a NUL"},
	        {"{\"one\":[]}", "f.json:1:8: one: is an array, must be an object"},
	        {"{\"one\":{\"x\":1}}", "f.json:1:9: one.x: unknown key"},
	        {"{\"one\":{\n\"n\": 10}}", "f.json:2:6: one.n: is 10, must be a whole number from 1 to 9"},
	        {"{\"many\":{}}", "f.json:1:9: many: is an object, must be an array of objects"},
	        {"{\"many\":[1]}", "f.json:1:10: many[0]: is a number, must be an object"},
	        {"{\"many\":[{\"n\":1},\n{}]}", "f.json:2:1: many[1].n: is required"},
	        {"{\"many\":[{\"n\":1},{\"n\":0}]}",
	         "f.json:1:23: many[1].n: is 0, must be a whole number from 1 to 9"},
	        {"{\"many\":[{\"n\":1},{\"n\":1},{\"n\":1},{\"n\":1}]}",
	         "f.json:1:9: many: has 4 elements, must have 0 to 3"},
	};

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct outer out;
		ck_assert_msg(!read_from(faults[i].text, &out), "%s", faults[i].text);
		ck_assert_str_eq(err.message, faults[i].message);
		options_clear(rows, &out);
	}
}
END_TEST

START_TEST(test_required_without_a_file)
{
	struct inner out = {0};

	ck_assert(!options_read(many_rows, "built-in", NULL, &out, &err));
	ck_assert_str_eq(err.message, "built-in: n: is required");
	options_clear(many_rows, &out);
}
END_TEST

static char *printed(const struct outer *out)
{
	char *text;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	options_print(rows, out, to);
	fclose(to);
	return text;
}

START_TEST(test_what_is_printed_reads_back)
{
	struct outer out, again;

	ck_assert(read_from(
	        "{\"count\":7,\"share\":0.7,\"env\":{\"A\":\"\\\"q\\\"\"},\"many\":[{\"n\":4,\"name\":\"m\"},{\"n\":5}]}",
	        &out));
	char *text = printed(&out);
	ck_assert_ptr_nonnull(
	        strstr(text, "{\n  \"flag\": true,\n  \"count\": 7,\n  \"share\": 0.7,\n  \"text\": \"abc\",\n"
	                     "  \"maybe\": null,\n  \"level\": \"high\",\n  \"words\": [\"p\", \"q\"],\n  \"env\": {\n"
	                     "    \"A\": \"\\\"q\\\"\"\n  },\n  \"one\": {\n    \"n\": 3,\n"));
	ck_assert_msg(read_from(text, &again), "%s", err.message);
	ck_assert_msg(may_change(&out, &again), "%s", path);
	char *text_again = printed(&again);
	ck_assert_str_eq(text, text_again);
	free(text);
	free(text_again);
	options_clear(rows, &out);
	options_clear(rows, &again);
}
END_TEST

START_TEST(test_first_difference_is_named)
{
	static const struct {
		const char *a, *b, *key;
	} pairs[] = {
	        {"{\"flag\":false}", "{}", "flag"},
	        {"{\"count\":1}", "{\"count\":2}", "count"},
	        {"{\"share\":1}", "{\"share\":2}", "share"},
	        {"{\"text\":\"a\"}", "{\"text\":\"b\"}", "text"},
	        {"{\"maybe\":\"a\"}", "{}", "maybe"},
	        {"{\"level\":\"low\"}", "{}", "level"},
	        {"{\"words\":\"p\"}", "{}", "words"},
	        {"{\"env\":{\"A\":\"1\"}}", "{\"env\":{\"A\":\"2\"}}", "env"},
	        {"{\"one\":{\"n\":4}}", "{}", "one.n"},
	        {"{\"many\":[{\"n\":4}]}", "{}", "many"},
	        {"{\"many\":[{\"n\":4},{\"n\":5}]}", "{\"many\":[{\"n\":4},{\"n\":6}]}", "many[1].n"},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct outer a, b;
		ck_assert(read_from(pairs[i].a, &a) && read_from(pairs[i].b, &b));
		ck_assert(!may_change(&a, &b));
		ck_assert_str_eq(path, pairs[i].key);
		ck_assert(may_change(&a, &a));
		options_clear(rows, &a);
		options_clear(rows, &b);
	}
}
END_TEST

START_TEST(test_what_may_change)
{
	static const struct option two[] = {
	        {.key = "flag", .type = OPTION_BOOL, .offset = offsetof(struct outer, flag), .reloadable = true},
	        {.key = "count", .type = OPTION_INT, .offset = offsetof(struct outer, count)},
	        OPTION_END,
	};
	struct outer now = {.flag = true, .count = 1}, good = {.count = 1}, bad = {.count = 2};

	ck_assert(options_may_change(two, &now, &good, path));
	ck_assert(!options_may_change(two, &now, &bad, path));
	ck_assert_str_eq(path, "count");
}
END_TEST

/* One row of a table may change, another not, whatever the table's own row says. */
START_TEST(test_what_may_change_within_a_table)
{
	static const struct option inner[] = {
	        {.key = "flag", .type = OPTION_BOOL, .offset = offsetof(struct outer, flag), .reloadable = true},
	        {.key = "count", .type = OPTION_INT, .offset = offsetof(struct outer, count)},
	        OPTION_END,
	};
	static const struct option whole[] = {
	        {.key = "in", .type = OPTION_TABLE, .table = inner, .reloadable = true},
	        OPTION_END,
	};
	struct outer now = {.flag = true, .count = 1}, good = {.count = 1}, bad = {.count = 2};

	ck_assert(options_may_change(whole, &now, &good, path));
	ck_assert(!options_may_change(whole, &now, &bad, path));
	ck_assert_str_eq(path, "in.count");
}
END_TEST

START_TEST(test_document)
{
	char *text;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	options_document(rows, to);
	fclose(to);
	ck_assert_ptr_nonnull(strstr(text, "| `flag` | true or false | `true` |  | yes | A switch. |\n"));
	ck_assert_ptr_nonnull(strstr(text, "| `level` | word | `\"high\"` | `low`, `high` | restart | How much. |\n"));
	ck_assert_ptr_nonnull(strstr(text, "\n### `one`\n\n| key |"));
	ck_assert_ptr_nonnull(strstr(text, "\n### `many[]`\n\n| key |"));
	ck_assert_ptr_nonnull(strstr(text, "| `n` | whole number | `3` | 1 to 9 ms | restart | A number. |\n"));
	ck_assert_ptr_nonnull(strstr(text, "| `n` | whole number | required | 1 to 9 | restart | Required. |\n"));
	free(text);
}
END_TEST

static void note(const char *key, char *text, size_t size)
{
	snprintf(text, size, " More of %s.", key);
}

START_TEST(test_words_and_help_from_elsewhere)
{
	static const struct {
		int number;
		const char *name;
	} rooms[] = {{1, "hall"}, {2, "attic"}, {3, NULL}};
	const struct option row = {.key = "room",
	                           .type = OPTION_ENUM,
	                           .words = &rooms[0].name,
	                           .word_stride = sizeof(rooms[0]),
	                           .help = "Where.",
	                           .note = note};
	char text[OPTION_HELP_SIZE];

	ck_assert_str_eq(option_word(&row, 1), "attic");
	ck_assert_ptr_null(option_word(&row, 2));
	option_allowed(&row, "'", text, sizeof(text));
	ck_assert_str_eq(text, "'hall', 'attic'");
	option_help(&row, text);
	ck_assert_str_eq(text, "Where. More of room.");
	option_help(rows, text);
	ck_assert_str_eq(text, "A switch.");
}
END_TEST

START_TEST(test_what_is_empty)
{
	struct outer out;

	ck_assert(read_from("{\"words\":\"a\"}", &out));
	ck_assert(!option_is_empty(rows, "text", &out));
	ck_assert(!option_is_empty(rows, "words", &out));
	ck_assert(option_is_empty(rows, "env", &out));
	out.text[0] = '\0';
	ck_assert(option_is_empty(rows, "text", &out));
	options_clear(rows, &out);
}
END_TEST

START_TEST(test_cross_field_errors)
{
	struct json_value at = {.line = 3, .column = 7};

	ck_assert(!options_error(&err, "f", &at, "scale.min", "is %d", 5));
	ck_assert_str_eq(err.message, "f:3:7: scale.min: is 5");
	ck_assert(!options_error(&err, "f", NULL, "scale.min", "is %d", 5));
	ck_assert_str_eq(err.message, "f: scale.min: is 5");
}
END_TEST

UNIT_MAIN("options", test_defaults, test_every_type_from_the_file, test_every_fault_says_where_what_and_what_is_allowed,
          test_required_without_a_file, test_what_is_printed_reads_back, test_first_difference_is_named,
          test_what_may_change, test_what_may_change_within_a_table, test_document, test_words_and_help_from_elsewhere,
          test_what_is_empty, test_cross_field_errors)
