/* json tables: a struct is filled by name, and each way to be wrong is named. */
#include "common/json.h"
#include "tests/unit/unit.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct thing {
	struct json_text name;
	int64_t id;
	int64_t small;
	bool on;
};

static const struct json_field fields[] = {
        {"name", JSON_FIELD_TEXT, offsetof(struct thing, name), 1, 5, false},
        {"id", JSON_FIELD_INT_OR_TEXT, offsetof(struct thing, id), 0, INT64_MAX, false},
        {"small", JSON_FIELD_INT, offsetof(struct thing, small), -3, 3, true},
        {"on", JSON_FIELD_BOOL, offsetof(struct thing, on), 0, 0, true},
};

static struct thing thing;
static struct err err;

static bool bind(const char *text)
{
	struct json_doc *doc;

	thing = (struct thing){.small = 99};
	ck_assert(json_parse(text, strlen(text), NULL, &doc, &err));
	bool ok = json_bind(json_root(doc), fields, sizeof(fields) / sizeof(fields[0]), &thing, &err);
	json_free(doc);
	return ok;
}

START_TEST(test_fills)
{
	ck_assert(bind("{\"id\":7,\"name\":\"abc\",\"on\":true,\"small\":-3}"));
	ck_assert_int_eq(thing.id, 7);
	ck_assert_int_eq(thing.small, -3);
	ck_assert(thing.on);
	ck_assert_uint_eq(thing.name.len, 3);
	ck_assert_mem_eq(thing.name.data, "abc", 3);
}
END_TEST

START_TEST(test_optional_is_left_alone)
{
	ck_assert(bind("{\"id\":\"9223372036854775807\",\"name\":\"a\"}"));
	ck_assert_int_eq(thing.id, INT64_MAX);
	ck_assert_int_eq(thing.small, 99);
}
END_TEST

START_TEST(test_each_fault_is_named)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
	        {"[]", "must be an object"},
	        {"{\"id\":1}", "name: missing"},
	        {"{\"name\":\"a\"}", "id: missing"},
	        {"{\"name\":\"a\",\"id\":1,\"x\":1}", "x: unknown key"},
	        {"{\"name\":\"a\",\"id\":1,\"na\\u0000\":1}", "a key that does not belong here"},
	        {"{\"name\":\"a\",\"id\":1,\"nam\":1}", "nam: unknown key"},
	        {"{\"name\":1,\"id\":1}", "name: must be a string"},
	        {"{\"name\":\"\",\"id\":1}", "name: must be 1 to 5 bytes long"},
	        {"{\"name\":\"123456\",\"id\":1}", "name: must be 1 to 5 bytes long"},
	        {"{\"name\":\"a\",\"id\":1,\"small\":4}", "small: must be a whole number from -3 to 3"},
	        {"{\"name\":\"a\",\"id\":1,\"small\":1.0}", "small: must be a whole number from -3 to 3"},
	        {"{\"name\":\"a\",\"id\":1,\"small\":\"1\"}", "small: must be a whole number from -3 to 3"},
	        {"{\"name\":\"a\",\"id\":1,\"on\":0}", "on: must be true or false"},
	        {"{\"name\":\"a\",\"id\":1,\"on\":null}", "on: must be true or false"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_msg(!bind(rows[i].text), "%s", rows[i].text);
		ck_assert_str_eq(err.message, rows[i].message);
	}
}
END_TEST

START_TEST(test_numbers_as_text_have_one_spelling)
{
	static const char *const bad[] = {"\"\"",   "\"-1\"",  "\"+1\"",  "\"01\"",  "\"1 \"",
	                                  "\" 1\"", "\"1e2\"", "\"1.0\"", "\"0x1\"", "\"9223372036854775808\"",
	                                  "-1",     "1.5",     "null",    "\"-0\"",  "\"1\\u0000\""};
	char text[100];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "{\"name\":\"a\",\"id\":%s}", bad[i]);
		ck_assert_msg(!bind(text), "%s", text);
		ck_assert_str_eq(err.message, "id: must be a whole number from 0 to 9223372036854775807");
	}
	ck_assert(bind("{\"name\":\"a\",\"id\":\"0\"}"));
	ck_assert_int_eq(thing.id, 0);
}
END_TEST

UNIT_MAIN("json_bind", test_fills, test_optional_is_left_alone, test_each_fault_is_named,
          test_numbers_as_text_have_one_spelling)
