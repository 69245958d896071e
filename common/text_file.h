/* text_file: a small text that somebody wrote by hand, read whole.
 *
 * A byte order mark in front is left out. Nothing is waited for longer than a second in all: a FIFO that nobody writes to has no
 * text, one whose writer is silent is given up.
 */
#pragma once

#include "common/buf.h"
#include "common/err.h"

#include <stdbool.h>

/* Adds the file's text to `text`. Errors begin with the path: it cannot be opened or read, is a folder, is larger than text's
 * max, is silent, or is UTF-16. */
bool text_file_read(const char *path, struct buf *text, struct err *err) MUST_CHECK;
