/* act: the table says types and lengths, the functions below what a table cannot. */
#include "services/acts/act.h"

#include <stddef.h>
#include <string.h>

static const struct json_field FIELDS[] = {
        {"actId", JSON_FIELD_INT_OR_TEXT, offsetof(struct act, id), 0, INT64_MAX, false},
        {"username", JSON_FIELD_TEXT, offsetof(struct act, username), 1, ACT_NAME_BYTES, false},
        {"timestamp", JSON_FIELD_TEXT, offsetof(struct act, timestamp), 19, 19, false},
        {"caption", JSON_FIELD_TEXT, offsetof(struct act, caption), 0, ACT_CAPTION_BYTES, false},
        {"categoryName", JSON_FIELD_TEXT, offsetof(struct act, category), 1, ACT_NAME_BYTES, false},
        {"imgB64", JSON_FIELD_TEXT, offsetof(struct act, image), 1, ACT_IMAGE_BYTES, false},
};

bool act_read(const struct json_value *object, struct act *act, struct err *err)
{
	return json_bind(object, FIELDS, sizeof(FIELDS) / sizeof(FIELDS[0]), act, err) && act_check(act, err);
}

bool act_check(struct act *act, struct err *err)
{
	if (!act_name(act->username))
		return err_set(err, "username: must not hold a NUL");
	if (!act_time(act->timestamp, &act->time))
		return err_set(err, "timestamp: must be a real date as DD-MM-YYYY:SS-MM-HH");
	if (!act_name(act->category))
		return err_set(err, "categoryName: must not hold a NUL");
	if (!act_base64(act->image))
		return err_set(err, "imgB64: must be base64 (RFC 4648), not empty");
	return true;
}

bool act_name(struct json_text text)
{
	return text.len >= 1 && text.len <= ACT_NAME_BYTES && memchr(text.data, '\0', text.len) == NULL;
}

bool act_id(const char *text, size_t len, int64_t *id)
{
	uint64_t value = 0;

	if (len == 0 || len > 19 || (text[0] == '0' && len > 1))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(text[i] - '0'); /* 19 digits fit in 64 bits */
	}
	if (value > INT64_MAX)
		return false;
	*id = (int64_t)value;
	return true;
}

/* --- time ------------------------------------------------------------------------------------------------------ */

enum { DAY, MONTH, YEAR, SECOND, MINUTE, HOUR, PARTS };

static const struct {
	unsigned char at, digits;
	char stop; /* behind it */
	int min, max;
} SHAPE[PARTS] = {
        [DAY] = {0, 2, '-', 1, 31},     [MONTH] = {3, 2, '-', 1, 12},   [YEAR] = {6, 4, ':', 1, 9999},
        [SECOND] = {11, 2, '-', 0, 59}, [MINUTE] = {14, 2, '-', 0, 59}, [HOUR] = {17, 2, '\0', 0, 23},
};

static bool read_parts(struct json_text text, int parts[PARTS])
{
	if (text.len != 19)
		return false;
	for (int i = 0; i < PARTS; i++) {
		const char *at = text.data + SHAPE[i].at;
		parts[i] = 0;
		for (int k = 0; k < SHAPE[i].digits; k++, at++) {
			if (*at < '0' || *at > '9')
				return false;
			parts[i] = parts[i] * 10 + (*at - '0');
		}
		if (parts[i] < SHAPE[i].min || parts[i] > SHAPE[i].max ||
		    (SHAPE[i].stop != '\0' && *at != SHAPE[i].stop))
			return false;
	}
	return true;
}

static bool is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_in(int month, int year)
{
	static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return month == 2 && is_leap(year) ? 29 : DAYS[month - 1];
}

/* Days from 1970-01-01, Gregorian throughout. */
static int64_t day_number(int year, int month, int day)
{
	int64_t past = year - 1;
	int64_t days = past * 365 + past / 4 - past / 100 + past / 400;

	for (int m = 1; m < month; m++)
		days += days_in(m, year);
	return days + day - 1 - 719162; /* days from 0001-01-01 to 1970-01-01 */
}

bool act_time(struct json_text text, int64_t *seconds)
{
	int parts[PARTS];

	if (!read_parts(text, parts) || parts[DAY] > days_in(parts[MONTH], parts[YEAR]))
		return false;
	*seconds = day_number(parts[YEAR], parts[MONTH], parts[DAY]) * 86400 + parts[HOUR] * 3600 + parts[MINUTE] * 60 +
	           parts[SECOND];
	return true;
}

/* --- base64 ---------------------------------------------------------------------------------------------------- */

/* Comparisons without branches: with -O3 (see CMakeLists.txt) the loop that calls it becomes vector code. */
static inline unsigned char is_alien(unsigned char c)
{
	unsigned char upper = (unsigned char)(c - 'A') < 26, lower = (unsigned char)(c - 'a') < 26;
	unsigned char digit = (unsigned char)(c - '0') < 10, sign = (c == '+') | (c == '/');

	return (unsigned char)!(upper | lower | digit | sign);
}

static bool alphabet_only(const char *data, size_t len)
{
	unsigned char alien = 0;

	for (size_t i = 0; i < len; i++)
		alien |= is_alien((unsigned char)data[i]);
	return alien == 0;
}

bool act_base64(struct json_text text)
{
	size_t len = text.len, padding = 0;

	while (padding < 2 && len > 0 && text.data[len - 1] == '=') {
		padding++;
		len--;
	}
	if (len == 0 || len % 4 == 1 || (padding > 0 && text.len % 4 != 0))
		return false;
	return alphabet_only(text.data, len);
}
