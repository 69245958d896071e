/* json_place: where in the text we are, by line and column.
 *
 * Invariant: at <= len, and line_start <= at. No token holds a newline (strings must not), so lines are counted
 * between tokens alone and a 16 MB string costs nothing here.
 */
#include "common/json_place.h"

#include <assert.h>
#include <string.h>

void json_place_init(struct json_place *place, const char *text, size_t len, bool comments)
{
	*place = (struct json_place){.text = text, .len = len, .comments = comments, .line = 1};
}

static void place_step(struct json_place *place)
{
	if (place->text[place->at++] == '\n') {
		place->line++;
		place->line_start = place->at;
	}
}

void json_place_move(struct json_place *place, size_t offset)
{
	assert(offset <= place->len);
	while (place->at < offset)
		place_step(place);
}

/* At the first byte of a comment: to the byte behind it. */
static void place_skip_comment(struct json_place *place)
{
	bool block = place->text[place->at + 1] == '*';
	const char *from = place->text + place->at + 2;
	size_t left = place->len - place->at - 2;
	const char *end = block ? memmem(from, left, "*/", 2) : memchr(from, '\n', left);

	place->comment_open = block && end == NULL;
	if (end == NULL)
		json_place_move(place, place->len);
	else
		json_place_move(place, (size_t)(end - place->text) + (block ? 2 : 1));
}

static bool place_at_comment(const struct json_place *place)
{
	if (!place->comments || place->len - place->at < 2 || place->text[place->at] != '/')
		return false;
	return place->text[place->at + 1] == '/' || place->text[place->at + 1] == '*';
}

void json_place_skip(struct json_place *place)
{
	while (place->at < place->len) {
		if (memchr(" \t\r\n,:", place->text[place->at], 6) != NULL)
			place_step(place);
		else if (place_at_comment(place))
			place_skip_comment(place);
		else
			return;
	}
}

uint32_t json_place_column(const struct json_place *place)
{
	return (uint32_t)(place->at - place->line_start) + 1;
}
