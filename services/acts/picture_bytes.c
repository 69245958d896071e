/* picture_bytes: four characters are three bytes; a table says what six bits a character is. */
#include "services/acts/picture_bytes.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define GROUP 4 /* characters, */
#define BYTES 3 /* which are so many bytes */

static size_t padding_at_end(const char *end, size_t len)
{
	size_t padding = 0;

	while (padding < 2 && padding < len && end[-1 - (ptrdiff_t)padding] == '=')
		padding++;
	return padding;
}

/* Bytes of a group that is not whole: one character stands for none. */
static size_t bytes_of_rest(size_t characters)
{
	return characters > 0 ? characters - 1 : 0;
}

size_t picture_bytes_size(size_t text_len, const char *last_two)
{
	size_t len = text_len - padding_at_end(last_two + 2, 2);

	return len / GROUP * BYTES + bytes_of_rest(len % GROUP);
}

/* By character: its six bits. */
static const uint8_t SIX_BITS[256] = {
        ['A'] = 0,  ['B'] = 1,  ['C'] = 2,  ['D'] = 3,  ['E'] = 4,  ['F'] = 5,  ['G'] = 6,  ['H'] = 7,
        ['I'] = 8,  ['J'] = 9,  ['K'] = 10, ['L'] = 11, ['M'] = 12, ['N'] = 13, ['O'] = 14, ['P'] = 15,
        ['Q'] = 16, ['R'] = 17, ['S'] = 18, ['T'] = 19, ['U'] = 20, ['V'] = 21, ['W'] = 22, ['X'] = 23,
        ['Y'] = 24, ['Z'] = 25, ['a'] = 26, ['b'] = 27, ['c'] = 28, ['d'] = 29, ['e'] = 30, ['f'] = 31,
        ['g'] = 32, ['h'] = 33, ['i'] = 34, ['j'] = 35, ['k'] = 36, ['l'] = 37, ['m'] = 38, ['n'] = 39,
        ['o'] = 40, ['p'] = 41, ['q'] = 42, ['r'] = 43, ['s'] = 44, ['t'] = 45, ['u'] = 46, ['v'] = 47,
        ['w'] = 48, ['x'] = 49, ['y'] = 50, ['z'] = 51, ['0'] = 52, ['1'] = 53, ['2'] = 54, ['3'] = 55,
        ['4'] = 56, ['5'] = 57, ['6'] = 58, ['7'] = 59, ['8'] = 60, ['9'] = 61, ['+'] = 62, ['/'] = 63,
};

/* The first `count` of a group's characters as 24 bits, from above. */
static uint32_t bits_of(const char *text, size_t count)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < GROUP; i++)
		bits = bits << 6 | (i < count ? SIX_BITS[(unsigned char)text[i]] : 0);
	return bits;
}

/* A group is read whole before its bytes are written, and they never reach beyond it: so to may be text. */
size_t picture_bytes_decode(const char *text, size_t text_len, char *to)
{
	size_t len = text_len - padding_at_end(text + text_len, text_len), done = 0, at = 0;

	for (; len - at >= GROUP; at += GROUP) {
		uint32_t bits = bits_of(text + at, GROUP);
		to[done++] = (char)(bits >> 16);
		to[done++] = (char)(bits >> 8);
		to[done++] = (char)bits;
	}
	uint32_t bits = len > at ? bits_of(text + at, len - at) : 0;
	for (size_t i = 0; i < bytes_of_rest(len - at); i++)
		to[done++] = (char)(bits >> (16 - 8 * i));
	return done;
}

/* What files begin with (PNG section 5.2, JFIF, GIF89a section 17, RFC 9649 section 2.4). */
struct mark {
	const char *text; /* NULL: none, which fits everything */
	size_t len, at;
};

static const struct {
	const char *type;
	struct mark marks[2];
} KINDS[] = {
        {"image/jpeg", {{"\xff\xd8\xff", 3, 0}}},
        {"image/png", {{"\x89PNG\r\n\x1a\n", 8, 0}}},
        {"image/webp", {{"RIFF", 4, 0}, {"WEBP", 4, 8}}},
        {"image/gif", {{"GIF89a", 6, 0}}},
        {"image/gif", {{"GIF87a", 6, 0}}},
};

static bool has_mark(const char *bytes, size_t len, const struct mark *mark)
{
	return mark->text == NULL ||
	       (len >= mark->at + mark->len && memcmp(bytes + mark->at, mark->text, mark->len) == 0);
}

const char *picture_bytes_type(const char *bytes, size_t len)
{
	for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++) {
		if (has_mark(bytes, len, &KINDS[i].marks[0]) && has_mark(bytes, len, &KINDS[i].marks[1]))
			return KINDS[i].type;
	}
	return "application/octet-stream";
}
