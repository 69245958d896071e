/* utf8: the nine forms that a character can have, by its first byte and the limits of its second one (Unicode, table 3-7). */
#include "common/utf8.h"

#include "common/words.h"

size_t utf8_sequence(const char *text, size_t left)
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

size_t utf8_valid(const char *text, size_t len)
{
	size_t at = skip_ascii(text, len);

	while (at < len) {
		size_t sequence = utf8_sequence(text + at, len - at);
		if (sequence == 0)
			return at;
		at += sequence;
		if (sequence == 1)
			at += skip_ascii(text + at, len - at);
	}
	return len;
}
