/* json_value: questions to a tree that was read. All of them take NULL for "not there". */
#include "common/json.h"

#include "common/mem.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_BYTES 400 /* longer ones are given up as reals; a double needs far less */

static bool bytes_are(const char *bytes, size_t len, const char *text)
{
	return len == strlen(text) && memcmp(bytes, text, len) == 0;
}

const struct json_value *json_members(const struct json_value *value)
{
	return value != NULL && value->type == JSON_OBJECT ? value->first : NULL;
}

const struct json_value *json_get(const struct json_value *value, const char *key)
{
	for (const struct json_value *member = json_members(value); member != NULL; member = member->next) {
		if (bytes_are(member->key, member->key_len, key))
			return member;
	}
	return NULL;
}

const struct json_value *json_path(const struct json_value *value, ...)
{
	va_list names;
	const char *name;

	va_start(names, value);
	while (value != NULL && (name = va_arg(names, const char *)) != NULL)
		value = json_get(value, name);
	va_end(names);
	return value;
}

char *json_dup_text(const struct json_value *value)
{
	if (value == NULL || value->type != JSON_STRING || memchr(value->text, '\0', value->len) != NULL)
		return NULL;
	return mem_dup_n(value->text, value->len);
}

bool json_text_is(const struct json_value *value, const char *text)
{
	return value != NULL && value->type == JSON_STRING && bytes_are(value->text, value->len, text);
}

/* By hand: the text has no NUL behind it, and must hold nothing but digits. Counts downwards, as there is one more
 * negative number than positive. */
bool json_int(const struct json_value *value, int64_t *out)
{
	if (value == NULL || value->type != JSON_NUMBER)
		return false;
	bool negative = value->text[0] == '-';
	int64_t number = 0;
	for (size_t i = negative ? 1 : 0; i < value->len; i++) {
		unsigned digit = (unsigned char)value->text[i] - (unsigned)'0';
		if (digit > 9)
			return false;
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_sub_overflow(number, (int64_t)digit, &number))
			return false;
	}
	if (!negative && number == INT64_MIN)
		return false;
	*out = negative ? number : -number;
	return true;
}

bool json_real(const struct json_value *value, double *out)
{
	char text[NUMBER_BYTES];

	if (value == NULL || value->type != JSON_NUMBER || value->len >= sizeof(text))
		return false;
	memcpy(text, value->text, value->len);
	text[value->len] = '\0';
	double number = strtod(text, NULL);
	if (!isfinite(number))
		return false;
	*out = number;
	return true;
}
