/* Range fields: the one part that is meant, none such, or nothing that we follow. */
#include "services/rest/rest_range.h"

#include "tests/unit/unit.h"

#define SIZE 1000U

START_TEST(parts)
{
	static const struct {
		const char *value;
		size_t first, len;
	} cases[] = {
	        {"bytes=0-0", 0, 1},          {"bytes=0-999", 0, 1000},
	        {"bytes=0-", 0, 1000},        {"bytes=999-", 999, 1},
	        {"bytes=10-19", 10, 10},      {"bytes=10-5000", 10, 990},
	        {"bytes=-1", 999, 1},         {"bytes=-1000", 0, 1000},
	        {"bytes=-1001", 0, 1000},     {"Bytes=001-02", 1, 2},
	        {"bytes=500-1000", 500, 500}, {"bytes=-99999999999999999999999", 0, 1000},
	        {"bytes=999-999", 999, 1},    {"bytes=1-99999999999999999999999", 1, 999},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rest_span span = {.first = 77, .len = 77};
		ck_assert_msg(rest_range_read(cases[i].value, SIZE, &span) == REST_PART, "%s", cases[i].value);
		ck_assert_msg(span.first == cases[i].first && span.len == cases[i].len, "%s: %zu and %zu",
		              cases[i].value, span.first, span.len);
	}
}
END_TEST

static void expect_all(const char *const *values, size_t count, size_t size, enum rest_part part)
{
	for (size_t i = 0; i < count; i++) {
		struct rest_span span = {.first = 77, .len = 77};
		ck_assert_msg(rest_range_read(values[i], size, &span) == part, "%s", values[i]);
		ck_assert(span.first == 77 && span.len == 77);
	}
}

START_TEST(no_such_bytes)
{
	static const char *const values[] = {"bytes=1000-", "bytes=1000-1000", "bytes=-0",
	                                     "bytes=99999999999999999999999-"};
	static const char *const of_nothing[] = {"bytes=0-", "bytes=-5", "bytes=0-0"};

	expect_all(values, sizeof(values) / sizeof(values[0]), SIZE, REST_NO_PART);
	expect_all(of_nothing, sizeof(of_nothing) / sizeof(of_nothing[0]), 0, REST_NO_PART);
}
END_TEST

START_TEST(ignored)
{
	static const char *const values[] = {"",           "bytes",      "bytes=",     "bytes=-",
	                                     "bytes=5-4",  "bytes=a-b",  "bytes=1-b",  "bytes=0-1,3-4",
	                                     "bytes=0-1,", "bytes=1",    "lines=0-1",  "bytes=0-1 ",
	                                     "bytes= 0-1", "bytes=0--1", "bytes=+1-2", "bytes 0-1/2"};

	expect_all(values, sizeof(values) / sizeof(values[0]), SIZE, REST_WHOLE);
}
END_TEST

UNIT_MAIN("rest_range", parts, no_such_bytes, ignored)
