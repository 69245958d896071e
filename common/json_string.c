/* json_string: what the bytes of a string may be.
 *
 * yajl does not help here: it lets UTF-8 through that is overlong or spells surrogates, and turns half a pair of
 * surrogate escapes into '?'.
 */
#include "common/json_string.h"

#include "common/words.h"

#include <stdint.h>
#include <string.h>

size_t json_utf8_sequence(const char *text, size_t left)
{
	static const struct {
		unsigned char first, last, second_min, second_max, len;
	} forms[] = {
	        {0x00, 0x7f, 0x00, 0x00, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
	        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
	        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
	};
	const unsigned char *at = (const unsigned char *)text;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (at[0] < forms[i].first || at[0] > forms[i].last)
			continue;
		if (left < forms[i].len)
			return 0;
		if (forms[i].len > 1 && (at[1] < forms[i].second_min || at[1] > forms[i].second_max))
			return 0;
		for (size_t k = 2; k < forms[i].len; k++) {
			if (at[k] < 0x80 || at[k] > 0xbf)
				return 0;
		}
		return forms[i].len;
	}
	return 0;
}

/* Eight bytes of ASCII at a time: pictures of megabytes come as base64. */
static size_t skip_ascii(const char *text, size_t len)
{
	size_t at = 0;

	while (len - at >= WORD_BYTES && word_over_127(word_load(text + at)) == 0)
		at += WORD_BYTES;
	while (at < len && (unsigned char)text[at] < 0x80)
		at++;
	return at;
}

size_t json_utf8_valid(const char *text, size_t len)
{
	size_t at = skip_ascii(text, len);

	while (at < len) {
		size_t sequence = json_utf8_sequence(text + at, len - at);
		if (sequence == 0)
			return at;
		at += sequence;
		if (sequence == 1)
			at += skip_ascii(text + at, len - at);
	}
	return len;
}

/* The four digits of \uXXXX; that they are digits was checked before. */
static unsigned escape_value(const char *digits)
{
	unsigned value = 0;

	for (int i = 0; i < 4; i++) {
		unsigned char c = (unsigned char)digits[i];
		value = value * 16 + (c <= '9' ? c - 0x30u : (c | 0x20u) - 0x61u + 10u);
	}
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
