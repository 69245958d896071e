/* Timestamps, pictures and numbers of acts. What a whole act must look like is tested through the API. */
#include "services/acts/act.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct json_text text_of(const char *text)
{
	return (struct json_text){.data = text, .len = strlen(text)};
}

/* Against the C library, over every day of some centuries. */
START_TEST(times_agree_with_the_library)
{
	char text[64];

	for (int64_t day = -719162; day < 2932896; day += 97) { /* 0001-01-01 to 9999-12-31 */
		time_t t = (time_t)(day * 86400 + (day & 0xffff));
		struct tm parts;
		int64_t seconds = 0;
		gmtime_r(&t, &parts);
		snprintf(text, sizeof(text), "%02d-%02d-%04d:%02d-%02d-%02d", parts.tm_mday, parts.tm_mon + 1,
		         parts.tm_year + 1900, parts.tm_sec, parts.tm_min, parts.tm_hour);
		ck_assert_msg(act_time(text_of(text), &seconds), "%s", text);
		ck_assert_int_eq(seconds, (int64_t)t);
	}
}
END_TEST

START_TEST(last_days_of_months)
{
	static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	static const struct {
		int year, february;
	} years[] = {{1900, 28}, {2000, 29}, {2023, 28}, {2024, 29}, {2100, 28}, {4, 29}, {1, 28}};
	char text[64];
	int64_t seconds;

	for (size_t y = 0; y < sizeof(years) / sizeof(years[0]); y++) {
		for (int month = 1; month <= 12; month++) {
			int last = month == 2 ? years[y].february : DAYS[month - 1];
			for (int day = 28; day <= 32; day++) {
				snprintf(text, sizeof(text), "%02d-%02d-%04d:00-00-00", day, month, years[y].year);
				ck_assert_msg(act_time(text_of(text), &seconds) == (day <= last), "%s", text);
			}
		}
	}
}
END_TEST

/* Every single wrong byte is seen. */
START_TEST(each_byte_of_a_time_counts)
{
	const char *good = "11-11-1111:11-11-11";

	for (size_t at = 0; at < 19; at++) {
		for (int byte = 0; byte < 256; byte++) {
			char text[20];
			int64_t seconds;
			memcpy(text, good, 20);
			bool digit = text[at] == '1';
			text[at] = (char)byte;
			bool good_byte = digit ? byte >= '0' && byte <= '9' : byte == good[at];
			if (good_byte && digit)
				continue; /* may or may not be a real date */
			ck_assert_int_eq(act_time((struct json_text){text, 19}, &seconds), good_byte);
		}
	}
}
END_TEST

START_TEST(each_byte_of_base64_counts)
{
	static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char text[64];

	for (size_t at = 0; at < sizeof(text) - 2; at++) {
		for (int byte = 0; byte < 256; byte++) {
			memset(text, 'A', sizeof(text));
			text[at] = (char)byte;
			bool good = byte != 0 && strchr(ALPHABET, byte) != NULL;
			if (act_base64((struct json_text){text, sizeof(text)}) != good)
				ck_abort_msg("byte %d at %zu", byte, at);
		}
	}
}
END_TEST

START_TEST(padding_of_base64)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
	        {"", false},        {"A", false},       {"AA", true},        {"AAA", true},       {"AAAA", true},
	        {"AAAAA", false},   {"AA==", true},     {"AAA=", true},      {"AA=", false},      {"A===", false},
	        {"A==", false},     {"=", false},       {"==", false},       {"====", false},     {"AAAA=", false},
	        {"AAAA==", false},  {"AAAA===", false}, {"AAAA====", false}, {"AA=A", false},     {"=AAA", false},
	        {"AAAAAA==", true}, {"AAAAAAA=", true}, {"AAAAAA", true},    {"AAAAA===", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(act_base64(text_of(cases[i].text)) == cases[i].good, "%s", cases[i].text);
}
END_TEST

START_TEST(numbers)
{
	static const struct {
		const char *text;
		int64_t id; /* -1: refused */
	} cases[] = {
	        {"0", 0},
	        {"7", 7},
	        {"9223372036854775807", INT64_MAX},
	        {"9223372036854775808", -1},
	        {"9999999999999999999", -1},
	        {"18446744073709551616", -1},
	        {"", -1},
	        {"00", -1},
	        {"01", -1},
	        {"-1", -1},
	        {"+1", -1},
	        {"1 ", -1},
	        {"1x", -1},
	        {"1.0", -1},
	        {"1e3", -1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t id = -1;
		bool good = act_id(cases[i].text, strlen(cases[i].text), &id);
		ck_assert_msg(good == (cases[i].id != -1), "%s", cases[i].text);
		ck_assert_int_eq(id, cases[i].id);
	}
}
END_TEST

UNIT_MAIN("act", times_agree_with_the_library, last_days_of_months, each_byte_of_a_time_counts,
          each_byte_of_base64_counts, padding_of_base64, numbers)
