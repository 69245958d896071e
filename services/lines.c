/* lines: blocks are read, and lines put together from them: getline would take whatever a line without an end takes. */
#include "services/lines.h"

#include <errno.h>
#include <string.h>

void lines_open(struct lines *lines, FILE *file, size_t most)
{
	lines->file = file;
	lines->at = lines->len = 0;
	buf_init(&lines->line, most);
}

void lines_close(struct lines *lines)
{
	buf_clear(&lines->line);
}

/* Moves what there is of the line. Does it end with that? */
static bool take(struct lines *lines, bool *ended)
{
	const char *from = lines->block + lines->at;
	const char *newline = memchr(from, '\n', lines->len - lines->at);
	size_t some = newline != NULL ? (size_t)(newline + 1 - from) : lines->len - lines->at;

	*ended = newline != NULL;
	lines->at += some;
	return buf_add(&lines->line, from, some);
}

enum lines_step lines_next(struct lines *lines, struct err *err)
{
	bool ended = false;

	buf_reset(&lines->line);
	while (!ended) {
		if (lines->at == lines->len) {
			lines->at = 0;
			lines->len = fread(lines->block, 1, sizeof(lines->block), lines->file);
		}
		if (lines->len == 0)
			break;
		if (!take(lines, &ended)) {
			err_set(err, "is longer than %zu MiB, which no export's lines are", lines->line.max >> 20);
			return LINES_FAILED;
		}
	}
	if (!ended && ferror(lines->file)) {
		err_set_errno(err, errno, "cannot be read");
		return LINES_FAILED;
	}
	return lines->line.len > 0 ? LINES_ONE : LINES_END;
}
