/* config_salvage: a walk over the tokens of a text that need be no JSON.
 *
 *   text -> keys of the outermost object, with their values as they are written -> a small file of these -> config_read
 *
 * A bracket that closes what is not open is passed over, and a text ends with its line, so that a fault spoils as little
 * as can be of what follows it.
 */
#include "orchestrator/config/config_salvage.h"

#include "common/json.h"
#include "common/mem.h"
#include "common/text_file.h"
#include "orchestrator/config/config_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64
#define SURE 2 /* so many of the keys must be good */
/* What a configuration cannot be without. */
#define A_SERVICE "\"services\": [{\"name\": \"none\", \"image\": \"none\"}]"

static const char *const keys[] = {"name", "socket_dir", "admin", "admin_token_file"};
#define KEY_COUNT (sizeof(keys) / sizeof(*keys))

struct walk {
	const char *at, *end;
	char open[DEPTH_MAX]; /* the brackets that close what is open */
	size_t depth;
	char *values[KEY_COUNT]; /* as written; NULL: not found */
};

/* Behind the text that begins here. */
static const char *text_end(const char *at, const char *end)
{
	for (at++; at < end && *at != '\n'; at++) {
		if (*at == '"')
			return at + 1;
		if (*at == '\\' && at + 1 < end)
			at++;
	}
	return at;
}

/* Behind the comment that begins here; at: none does. */
static const char *comment_end(const char *at, const char *end)
{
	const char *close = at[0] == '/' && at + 1 < end && at[1] == '*' ? "*/" : "\n";
	const char *found;

	if (at[0] != '/' || at + 1 == end || (at[1] != '*' && at[1] != '/'))
		return at;
	found = memmem(at + 2, (size_t)(end - at - 2), close, strlen(close));
	return found != NULL ? found + strlen(close) : end;
}

static const char *skip_blank(const char *at, const char *end)
{
	const char *next = at;

	do {
		at = next;
		while (next < end && strchr(" \t\r\n", *next) != NULL && *next != '\0')
			next++;
		if (next < end)
			next = comment_end(next, end);
	} while (next != at);
	return at;
}

/* Behind a text or a list of texts; at: it is something else. */
static const char *value_end(const char *at, const char *end)
{
	const char *next = at;

	if (at < end && *at == '"')
		return text_end(at, end);
	if (at == end || *at != '[')
		return at;
	for (next++; next < end && *next != ']';) {
		const char *behind = *next == '"' ? text_end(next, end) : comment_end(next, end);
		next = behind != next ? behind : next + 1;
	}
	return next < end ? next + 1 : at;
}

/* Only of the outermost object: services have names, too. */
static void take_value(struct walk *walk, const char *key, size_t key_len)
{
	struct json_limits limits = {.depth = 1, .comments = true};
	const char *end = value_end(walk->at, walk->end);
	struct json_doc *doc;

	for (size_t i = 0; i < KEY_COUNT && walk->depth == 1; i++) {
		if (walk->values[i] != NULL || strlen(keys[i]) != key_len || memcmp(keys[i], key, key_len) != 0 ||
		    !json_parse(walk->at, (size_t)(end - walk->at), &limits, &doc, NULL))
			continue;
		json_free(doc);
		walk->values[i] = mem_dup_n(walk->at, (size_t)(end - walk->at));
	}
}

static void take_text(struct walk *walk)
{
	const char *text = walk->at, *end = text_end(text, walk->end);

	walk->at = skip_blank(end, walk->end);
	if (walk->at == walk->end || *walk->at != ':' || end - text < 2)
		return;
	walk->at = skip_blank(walk->at + 1, walk->end);
	take_value(walk, text + 1, (size_t)(end - text) - 2);
}

static void take_bracket(struct walk *walk, char c)
{
	if ((c == '{' || c == '[') && walk->depth < DEPTH_MAX)
		walk->open[walk->depth++] = c == '{' ? '}' : ']';
	else if ((c == '}' || c == ']') && walk->depth > 0 && walk->open[walk->depth - 1] == c)
		walk->depth--;
}

static void walk_all(struct walk *walk)
{
	while ((walk->at = skip_blank(walk->at, walk->end)) < walk->end) {
		if (*walk->at == '"')
			take_text(walk);
		else
			take_bracket(walk, *walk->at++);
	}
}

/* The first `count` of the keys. */
static bool read_found(const char *path, const struct walk *walk, size_t count, struct config **config, struct err *err)
{
	char *text;
	size_t len;
	FILE *to = mem_must(open_memstream(&text, &len));

	fputs("{" A_SERVICE, to);
	for (size_t i = 0; i < count; i++)
		if (walk->values[i] != NULL)
			fprintf(to, ", \"%s\": %s", keys[i], walk->values[i]);
	fputs("}", to);
	fclose(to);
	bool ok = config_read(path, text, len, config, err);
	free(text);
	return ok;
}

bool config_salvage(const char *path, struct config **config, struct err *err)
{
	struct buf text;
	bool ok;

	buf_init(&text, CONFIG_BYTES_MAX);
	ok = text_file_read(path, &text, err);
	if (ok) {
		struct walk walk = {.at = buf_text(&text)};
		walk.end = walk.at + text.len;
		walk_all(&walk);
		ok = read_found(path, &walk, KEY_COUNT, config, err) || read_found(path, &walk, SURE, config, err);
		for (size_t i = 0; i < KEY_COUNT; i++)
			free(walk.values[i]);
	}
	buf_clear(&text);
	return ok;
}
