/* json_position: where in the text we are, by line and column.
 *
 * Invariant: at <= len, and line_start <= at. No token holds a newline (strings must not), so lines are counted
 * between tokens alone and a 16 MB string costs nothing here.
 */
#include "common/json_position.h"

#include <assert.h>
#include <string.h>

void json_position_init(struct json_position *position, const char *text, size_t len, bool comments)
{
	*position = (struct json_position){.text = text, .len = len, .comments = comments, .line = 1};
}

static void position_step(struct json_position *position)
{
	if (position->text[position->at++] == '\n') {
		position->line++;
		position->line_start = position->at;
	}
}

void json_position_move(struct json_position *position, size_t offset)
{
	assert(offset <= position->len);
	while (position->at < offset)
		position_step(position);
}

/* At the first byte of a comment: to the byte behind it. */
static void position_skip_comment(struct json_position *position)
{
	bool block = position->text[position->at + 1] == '*';
	const char *from = position->text + position->at + 2;
	size_t left = position->len - position->at - 2;
	const char *end = block ? memmem(from, left, "*/", 2) : memchr(from, '\n', left);

	position->comment_open = block && end == NULL;
	if (end == NULL)
		json_position_move(position, position->len);
	else
		json_position_move(position, (size_t)(end - position->text) + (block ? 2 : 1));
}

static bool position_at_comment(const struct json_position *position)
{
	if (!position->comments || position->len - position->at < 2 || position->text[position->at] != '/')
		return false;
	return position->text[position->at + 1] == '/' || position->text[position->at + 1] == '*';
}

void json_position_skip(struct json_position *position)
{
	while (position->at < position->len) {
		if (memchr(" \t\r\n,:", position->text[position->at], 6) != NULL)
			position_step(position);
		else if (position_at_comment(position))
			position_skip_comment(position);
		else
			return;
	}
}

uint32_t json_position_column(const struct json_position *position)
{
	return (uint32_t)(position->at - position->line_start) + 1;
}
