/* Traces: what is read, and each thing that may be wrong with its line. */
#include "orchestrator/cli/simulate/trace.h"

#include "tests/unit/unit.h"

#include <string.h>

static struct trace trace;
static struct err err;

static bool read_text(const char *text)
{
	FILE *from = fmemopen((void *)text, strlen(text), "r");
	bool ok = trace_read(from, "t.csv", &trace, &err);

	fclose(from);
	return ok;
}

START_TEST(lines)
{
	ck_assert(read_text("# day\n\nseconds,count\n0,3\n  1.5 , 2 \r\n2.000001,0\n2.0000019,4\n7,1"));
	ck_assert_uint_eq(trace.requests, 10);
	ck_assert_uint_eq(trace.count, 4);
	ck_assert_int_eq(trace.points[1].at_us, 1500000);
	ck_assert_int_eq(trace.points[2].at_us, 2000001);
	ck_assert_uint_eq(trace.points[2].count, 4); /* both lines of that microsecond */
	trace_clear(&trace);
}
END_TEST

START_TEST(as_spreadsheets_write_it)
{
	ck_assert(read_text("\xEF\xBB\xBFseconds,count\r\n0,3\r\n"));
	ck_assert_uint_eq(trace.requests, 3);
	trace_clear(&trace);
	ck_assert(read_text("\xEF\xBB\xBF"
	                    "0,2\n"));
	ck_assert_uint_eq(trace.requests, 2);
	trace_clear(&trace);
	ck_assert(read_text("\"seconds\",\"count\"\n0,1\n"));
	ck_assert_uint_eq(trace.requests, 1);
	trace_clear(&trace);
}
END_TEST

START_TEST(spread_over_a_second_or_to_the_next_line)
{
	ck_assert(read_text("0,4\n5,2\n5.1,2\n"));
	for (uint64_t i = 0; i < 4; i++)
		ck_assert_int_eq(trace_request_us(&trace.points[0], i), (int64_t)i * 250000);
	ck_assert_int_eq(trace_request_us(&trace.points[1], 1), 5050000);
	ck_assert_int_eq(trace_request_us(&trace.points[2], 1), 5600000);
	trace_clear(&trace);
}
END_TEST

START_TEST(wrong)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
	        {"", "t.csv: holds no requests"},
	        {"# nothing\nseconds,count\n", "t.csv: holds no requests"},
	        {"0,1\nx,2\n", "t.csv:2: seconds must be"},
	        {"a,b\nseconds,count\n0,1\n", "t.csv:2: seconds must be"}, /* one header, not two */
	        {"0,1\n\xEF\xBB\xBF"
	         "1,1\n",
	         "t.csv:2: seconds must be"},
	        {"-1,2\n", "t.csv:1: seconds must be"},
	        {"1.,2\n", "t.csv:1: seconds must be"},
	        {"31622400.5,2\n", "t.csv:1: seconds must be"},
	        {"99999999999999999999,2\n", "t.csv:1: seconds must be"},
	        {"\n\n5\n", "t.csv:3: no comma"},
	        {"5;2\n", "t.csv:1: no comma"},
	        {"5,\n", "t.csv:1: count must be"},
	        {"5,-2\n", "t.csv:1: count must be"},
	        {"5,1000001\n", "t.csv:1: count must be"},
	        {"5,1.5\n", "t.csv:1: there is more"},
	        {"5,1,1\n", "t.csv:1: there is more"},
	        {"0,1\n5,1\n4.9,1\n", "t.csv:3: earlier than the line before"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].text[0] != '\0')
			ck_assert(!read_text(rows[i].text));
		else
			ck_assert(!trace_load("/dev/null", &trace, &err));
		ck_assert_ptr_null(trace.points);
		ck_assert_msg(strstr(err.message, strchr(rows[i].message, ':')) != NULL, "row %zu: %s", i, err.message);
		ck_assert_msg(strstr(err.message, "EXPECTED") == NULL, "%s", err.message);
	}
}
END_TEST

START_TEST(line_too_long)
{
	char text[700];

	memset(text, '1', sizeof(text));
	text[0] = '#';
	text[sizeof(text) - 1] = '\0';
	ck_assert(!read_text(text));
	ck_assert_ptr_nonnull(strstr(err.message, "t.csv:1: longer"));
}
END_TEST

START_TEST(no_file)
{
	ck_assert(!trace_load("/nonexistent/t.csv", &trace, &err));
	ck_assert_ptr_nonnull(strstr(err.message, "/nonexistent/t.csv: No such file"));
}
END_TEST

UNIT_MAIN("trace", lines, as_spreadsheets_write_it, spread_over_a_second_or_to_the_next_line, wrong, line_too_long,
          no_file)
