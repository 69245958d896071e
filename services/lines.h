/* lines: a file read line by line, none of them longer than a limit, however long the file is. */
#pragma once

#include "common/buf.h"
#include "common/err.h"

#include <stdio.h>

struct lines {
	FILE *file;      /* borrowed */
	struct buf line; /* with its newline; the last one may have none */
	size_t at, len;  /* of what is read already */
	char block[65536];
};

void lines_open(struct lines *lines, FILE *file, size_t most); /* most: bytes of a line */
void lines_close(struct lines *lines);

enum lines_step { LINES_ONE, LINES_END, LINES_FAILED };

/* The next line is in `line` until the one after that. FAILED: it is too long, or cannot be read; err says so. */
enum lines_step lines_next(struct lines *lines, struct err *err);
