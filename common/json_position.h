/* json_position: where in the text we are, by line and column. Private to the JSON reader.
 *
 * yajl says where a token ends, not where it starts; the start is found by skipping what may stand between two tokens.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_position {
	const char *text;
	size_t len;
	bool comments;
	size_t at;         /* everything before it is behind us */
	size_t line_start; /* offset of the first byte of the line that `at` is in */
	uint32_t line;     /* from 1 */
	bool comment_open; /* the text ends inside of a comment */
};

void json_position_init(struct json_position *position, const char *text, size_t len, bool comments);

/* Moves over white space, commas, colons and, where allowed, comments: to the start of the next token or the end. */
void json_position_skip(struct json_position *position);

/* Moves to this offset, counting lines on the way; never backwards. */
void json_position_move(struct json_position *position, size_t offset);

uint32_t json_position_column(const struct json_position *position); /* from 1 */
