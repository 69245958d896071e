/* wrap: a line of text in a width. Pure. */
#pragma once

#include <stdio.h>

/* The line, and a newline; from `columns` on (0: never) it goes on in the next one, four columns in, behind a space where there is
 * one. Escape sequences take no column. */
void wrap_print(const char *text, int columns, FILE *to);
