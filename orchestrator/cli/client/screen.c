/* screen: drawn over, not cleared, so that nothing flickers. No mode of the terminal is changed: whenever the program
 * ends, there is nothing to put back. */
#include "orchestrator/cli/client/screen.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define ROWS 24
#define COLUMNS 80

static bool is_set(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0';
}

struct screen screen_look(void)
{
	struct screen screen = {.rows = ROWS, .columns = COLUMNS};
	struct winsize size;
	const char *term = getenv("TERM");

	screen.terminal = isatty(STDOUT_FILENO) && term != NULL && strcmp(term, "dumb") != 0;
	screen.colour = screen.terminal && !is_set("NO_COLOR");
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != -1 && size.ws_row > 0 && size.ws_col > 0) {
		screen.rows = size.ws_row;
		screen.columns = size.ws_col;
	}
	return screen;
}

/* One line, up to so many columns. An escape sequence takes none, and is kept also behind the cut: it may end a colour. */
static void draw_line(const char *line, size_t len, int columns, FILE *to)
{
	int column = 0;

	for (size_t i = 0; i < len; i++) {
		if (line[i] == '\033') {
			size_t end = i + strcspn(line + i, "m");
			fwrite(line + i, 1, (end < len ? end + 1 : len) - i, to);
			i = end;
			continue;
		}
		column += ((unsigned char)line[i] & 0xc0) != 0x80;
		if (column <= columns)
			fputc(line[i], to);
	}
}

static int count_lines(const char *text)
{
	int lines = 0;

	for (; *text != '\0'; text++)
		lines += *text == '\n';
	return lines;
}

void screen_draw(const struct screen *screen, const char *text, FILE *to)
{
	int lines = count_lines(text), fit = screen->rows - 1;
	int shown = lines <= fit ? lines : fit > 0 ? fit - 1 : 0;

	fputs("\033[H", to);
	for (int i = 0; i < shown; i++) {
		size_t len = strcspn(text, "\n");
		draw_line(text, len, screen->columns - 1,
		          to); /* in the last column, \033[K would clear what is there */
		fputs("\033[K\n", to);
		text += len + 1;
	}
	if (shown < lines)
		fprintf(to, "... %d more lines\033[K\n", lines - shown);
	fputs("\033[J", to);
}
