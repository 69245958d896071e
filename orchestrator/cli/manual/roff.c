/* roff: escapes.
 *
 * Invariant: a text of ours never begins a control line, and a backslash, hyphen or quote in it is printed as it is.
 */
#include "orchestrator/cli/manual/roff.h"

#include <stdbool.h>
#include <string.h>

static void escaped(FILE *to, const char *text, size_t len)
{
	bool line_start = true;

	for (size_t i = 0; i < len; i++) {
		if (line_start && (text[i] == '.' || text[i] == '\''))
			fputs("\\&", to);
		line_start = text[i] == '\n';
		switch (text[i]) {
		case '\\':
			fputs("\\e", to);
			break;
		case '-':
			fputs("\\-", to);
			break;
		case '"':
			fputs("\\(dq", to);
			break;
		case '\'':
			fputs("\\(aq", to);
			break;
		case '`':
			fputs("\\(ga", to);
			break;
		case '^':
			fputs("\\(ha", to);
			break;
		case '~':
			fputs("\\(ti", to);
			break;
		default:
			fputc(text[i], to);
		}
	}
}

void roff_text(FILE *to, const char *text)
{
	escaped(to, text, strlen(text));
}

void roff_paragraphs(FILE *to, const char *text)
{
	const char *end;

	while ((end = strstr(text, "\n\n")) != NULL) {
		escaped(to, text, (size_t)(end - text));
		fputs("\n.PP\n", to);
		text = end + 2;
	}
	roff_text(to, text);
	fputc('\n', to);
}

void roff_heading(FILE *to, const char *macro, const char *title)
{
	fprintf(to, ".%s \"", macro);
	roff_text(to, title);
	fputs("\"\n", to);
}

void roff_entry(FILE *to, const char *term, const char *text)
{
	fputs(".TP\n\\fB", to);
	roff_text(to, term);
	fputs("\\fR\n", to);
	roff_text(to, text);
	fputc('\n', to);
}

void roff_title(FILE *to, const char *name, int section)
{
	fprintf(to, ".TH \"%s\" \"%d\" \"\" \"selfless " SELFLESS_VERSION "\" \"selfless\"\n", name, section);
}
