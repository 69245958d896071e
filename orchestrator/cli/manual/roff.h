/* roff: text as the man macros want it. */
#pragma once

#include <stdio.h>

/* Every byte as itself: no escape, no macro, no line broken at a hyphen that must be typed. */
void roff_text(FILE *to, const char *text);

/* Lines of their own; an empty line in the text becomes a new paragraph. */
void roff_paragraphs(FILE *to, const char *text);

/* .SH or .SS; the title in capitals or not, as it is given. */
void roff_heading(FILE *to, const char *macro, const char *title);

/* .TP: term in bold, then text. Both are escaped. */
void roff_entry(FILE *to, const char *term, const char *text);

/* .TH: a page without a date, so that the same source gives the same page. */
void roff_title(FILE *to, const char *name, int section);
