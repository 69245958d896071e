/* excerpt: run by run, of hex digits or of what is none, until the text or the room ends. */
#include "orchestrator/base/excerpt.h"

#include "common/mem.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID_DIGITS 64
#define ID_SHOWN 12
#define WORD_MOST 20 /* what is longer is a path, say, of which its head tells more than nothing */
#define LATE_MOST 10 /* the same of its tail, where a path has the file and the line */

static const char gap[] = "...";

/* --- where to cut ---------------------------------------------------------------------------------------------- */

static bool is_space(char c)
{
	return (unsigned char)c <= ' ';
}

/* A character goes on there. */
static bool is_inside(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* How far the end of a word is looked for. */
static size_t reach(size_t room, size_t most)
{
	return room / 2 < most ? room / 2 : most;
}

size_t excerpt_head(const char *text, size_t most)
{
	size_t at = most, least = most - reach(most, WORD_MOST);

	while (at > least && !is_space(text[at - 1]))
		at--;
	if (at > least)
		return at;
	for (at = most; at > 0 && is_inside(text[at]);)
		at--;
	return at;
}

size_t excerpt_tail(const char *text, size_t len, size_t most)
{
	size_t first = len - most, at = first, last = first + reach(most, LATE_MOST);

	while (at < last && !is_space(text[at]))
		at++;
	if (at < last)
		return at;
	for (at = first; at < len && is_inside(text[at]);)
		at++;
	return at;
}

/* --- taking ---------------------------------------------------------------------------------------------------- */

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static size_t run_len(const char *text, size_t len)
{
	size_t run = 1;

	while (run < len && is_hex(text[run]) == is_hex(text[0]))
		run++;
	return run;
}

static void cut(char *to, size_t size)
{
	memcpy(to + excerpt_head(to, size - sizeof(gap)), gap, sizeof(gap));
}

void excerpt_take(char *to, size_t size, const char *text, size_t len)
{
	size_t at = 0;

	assert(size >= 16);
	while (len > 0) {
		size_t run = run_len(text, len);
		size_t shown = run == ID_DIGITS && is_hex(text[0]) ? ID_SHOWN : run;

		if (at + shown >= size) {
			memcpy(to + at, text, size - 1 - at);
			cut(to, size);
			return;
		}
		memcpy(to + at, text, shown);
		at += shown;
		text += run;
		len -= run;
	}
	to[at] = '\0';
}

void excerpt_write(char *to, size_t size, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	int formatted = vasprintf(&text, format, args);
	va_end(args);
	mem_must(formatted == -1 ? NULL : text);
	excerpt_take(to, size, text, strlen(text));
	free(text);
}
