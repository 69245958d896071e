/* http_date: to the byte; and a new second is a new date. */
#include "common/http_date.h"
#include "tests/unit/unit.h"

#include <string.h>
#include <time.h>

START_TEST(test_to_the_byte)
{
	static const struct {
		int64_t seconds;
		const char *date;
	} rows[] = {
	        {0, "Thu, 01 Jan 1970 00:00:00 GMT"},          {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},
	        {951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},  {1798761599, "Thu, 31 Dec 2026 23:59:59 GMT"},
	        {2147483648, "Tue, 19 Jan 2038 03:14:08 GMT"}, {253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
	};
	char date[HTTP_DATE_SIZE];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		http_date_write(date, rows[i].seconds);
		ck_assert_str_eq(date, rows[i].date);
	}
}
END_TEST

START_TEST(test_the_line_follows_the_clock)
{
	http_date_fake(784111777);
	ck_assert_str_eq(http_date_line(), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
	ck_assert_uint_eq(strlen(http_date_line()), HTTP_DATE_LINE_LEN);
	http_date_fake(784111778);
	ck_assert_str_eq(http_date_line(), "Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n");
	http_date_fake(-1);
	char before[HTTP_DATE_SIZE], after[HTTP_DATE_SIZE], line[HTTP_DATE_LINE_LEN + 1];
	http_date_write(before, (int64_t)time(NULL));
	memcpy(line, http_date_line(), sizeof(line));
	http_date_write(after, (int64_t)time(NULL));
	ck_assert(strstr(line, before) != NULL || strstr(line, after) != NULL);
}
END_TEST

UNIT_MAIN("http_date", test_to_the_byte, test_the_line_follows_the_clock)
