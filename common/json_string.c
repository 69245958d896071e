/* json_string: yajl turns half a pair of surrogate escapes into '?', and says nothing. */
#include "common/json_string.h"

#include "common/hex.h"

#include <string.h>

/* The four digits of \uXXXX; that they are digits was checked before. */
static unsigned escape_value(const char *digits)
{
	unsigned value = 0;

	for (int i = 0; i < 4; i++)
		value = value * 16 + (unsigned)hex_value(digits[i]);
	return value;
}

static bool escape_is_low(const char *at, const char *end)
{
	return end - at >= 6 && at[0] == '\\' && at[1] == 'u' && escape_value(at + 2) >> 10 == 0xdc00u >> 10;
}

bool json_escapes_are_paired(const char *raw, size_t len)
{
	const char *end = raw + len;

	for (const char *at = memchr(raw, '\\', len); at != NULL; at = memchr(at, '\\', (size_t)(end - at))) {
		if (at[1] != 'u') {
			at += 2;
			continue;
		}
		unsigned half = escape_value(at + 2) >> 10;
		at += 6;
		if (half == 0xdc00u >> 10)
			return false;
		if (half == 0xd800u >> 10) {
			if (!escape_is_low(at, end))
				return false;
			at += 6;
		}
	}
	return true;
}
