/* screen: what standard output is, and how a picture is put on it. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

struct screen {
	bool terminal; /* that understands escape sequences */
	bool colour;   /* and nobody said NO_COLOR (no-color.org) */
	int rows, columns;
};

/* Standard output now. */
struct screen screen_look(void);

/* text from the upper left corner on, over what was there; what does not fit is cut, and the last line says how much is
 * missing below. Pure. */
void screen_draw(const struct screen *screen, const char *text, FILE *to);
