/* wrap: as much as fits up to the last space, again and again. */
#include "orchestrator/cli/client/wrap.h"

#include <string.h>

#define INDENT 4
#define LEAST 20 /* columns: below that nothing is gained */

/* The bytes that take at most so many columns; a line ends behind them. */
static size_t fitting(const char *text, int columns)
{
	size_t at = 0, space = 0;
	int used = 0;

	while (text[at] != '\0') {
		if (text[at] == '\033') {
			at += strcspn(text + at, "m");
			at += text[at] != '\0';
			continue;
		}
		used += ((unsigned char)text[at] & 0xc0) != 0x80;
		if (used > columns)
			return space > 0 ? space : at;
		if (text[at] == ' ')
			space = at;
		at++;
	}
	return at;
}

void wrap_print(const char *text, int columns, FILE *to)
{
	int room = columns;

	while (columns >= LEAST) {
		size_t len = fitting(text, room);

		if (text[len] == '\0')
			break;
		fprintf(to, "%.*s\n%*s", (int)len, text, INDENT, "");
		text += len + (text[len] == ' ');
		room = columns - INDENT;
	}
	fprintf(to, "%s\n", text);
}
