/* words: a text that is too long is cut behind a word. */
#include "orchestrator/fleet/words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void words_write(char words[WORDS_SIZE], const char *format, ...)
{
	static const char cut[] = "...";
	va_list args;
	size_t at = WORDS_SIZE - sizeof(cut);
	int len;

	va_start(args, format);
	len = vsnprintf(words, WORDS_SIZE, format, args);
	va_end(args);
	if (len < WORDS_SIZE)
		return;
	while (at > WORDS_SIZE / 2 && words[at - 1] != ' ')
		at--;
	memcpy(words + at, cut, sizeof(cut));
}
