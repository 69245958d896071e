/* json_read: text -> tree, by yajl's SAX parser.
 *
 * yajl_parse calls back for each token -> reader_place finds where it starts -> reader_add hangs a value into the open
 * container -> at the end of an object its keys are checked for duplicates. yajl itself accepts form feeds as white
 * space; it is refused here. Strings are checked by json_string.c.
 *
 * Invariant: `path` holds the open containers, path[depth - 1] the innermost; `key` is set exactly between a member's
 * name and its value; once `stopped`, err is set and every callback returns 0.
 */
#include "common/json.h"

#include "common/json_arena.h"
#include "common/json_position.h"
#include "common/json_string.h"
#include "common/json_unique.h"
#include "common/json_yajl.h"
#include "common/mem.h"
#include "common/utf8.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#define JSON_DEPTH 32
#define JSON_NODES 100000
#define JSON_TEXT_MAX ((size_t)1 << 30) /* yajl's own buffer sizes overflow at twice that */

struct json_doc {
	struct json_arena arena;
	struct json_value *root;
};

struct level {
	struct json_value *container;
	struct json_value *last; /* its newest child */
};

struct reader {
	yajl_handle yajl;
	struct json_doc *doc;
	struct json_position position;
	struct level *path;
	unsigned depth, depth_max;
	size_t nodes, nodes_max;
	const char *key;
	size_t key_len;
	uint32_t key_line, key_column;
	bool stopped;
	struct err *err;
};

static int reader_stop(struct reader *reader, uint32_t line, uint32_t column, const char *what)
{
	err_set(reader->err, "line %u, column %u: %s", line, column, what);
	reader->stopped = true;
	return 0;
}

static int reader_stop_here(struct reader *reader, const char *what)
{
	return reader_stop(reader, reader->position.line, json_position_column(&reader->position), what);
}

/* To the start of the token that yajl just read. */
static bool reader_find_token(struct reader *reader)
{
	struct json_position *position = &reader->position;

	json_position_skip(position);
	if (position->at == position->len ||
	    (position->text[position->at] != '\f' && position->text[position->at] != '\v'))
		return true;
	reader_stop_here(reader, "this control character is no white space in JSON");
	return false;
}

static void reader_pass_token(struct reader *reader, size_t len)
{
	assert(len <= reader->position.len - reader->position.at);
	reader->position.at += len;
}

static struct json_value *reader_new(struct reader *reader, enum json_type type)
{
	struct json_value *value = json_arena_take(&reader->doc->arena, sizeof(*value));

	*value = (struct json_value){
	        .type = type,
	        .line = reader->position.line,
	        .column = json_position_column(&reader->position),
	        .key = reader->key,
	        .key_len = reader->key_len,
	        .key_line = reader->key_line,
	        .key_column = reader->key_column,
	};
	reader->key = NULL;
	reader->key_len = 0;
	reader->key_line = reader->key_column = 0;
	return value;
}

/* A new value at the token, in its place in the tree. NULL: stopped. */
static struct json_value *reader_add(struct reader *reader, enum json_type type)
{
	if (!reader_find_token(reader))
		return NULL;
	if (++reader->nodes > reader->nodes_max) {
		reader_stop_here(reader, "too many values");
		return NULL;
	}
	struct json_value *value = reader_new(reader, type);
	if (reader->depth == 0) {
		reader->doc->root = value;
		return value;
	}
	struct level *level = &reader->path[reader->depth - 1];
	if (level->last == NULL)
		level->container->first = value;
	else
		level->last->next = value;
	level->last = value;
	level->container->count++;
	return value;
}

static int on_null(void *arg)
{
	if (reader_add(arg, JSON_NULL) == NULL)
		return 0;
	reader_pass_token(arg, 4);
	return 1;
}

static int on_boolean(void *arg, int boolean)
{
	struct json_value *value = reader_add(arg, JSON_BOOL);

	if (value == NULL)
		return 0;
	value->boolean = boolean != 0;
	reader_pass_token(arg, value->boolean ? 4 : 5);
	return 1;
}

/* yajl's pointer is into a copy of its own where the number ends the text, so it is not used. */
static int on_number(void *arg, const char *text, size_t len)
{
	struct reader *reader = arg;
	struct json_value *value = reader_add(reader, JSON_NUMBER);

	(void)text;
	if (value == NULL)
		return 0;
	value->text = reader->position.text + reader->position.at;
	value->len = len;
	reader_pass_token(reader, len);
	return 1;
}

/* raw: the string at the token as written, without its quotes. */
static bool reader_check_string(struct reader *reader, const char *raw, size_t len, bool escapes)
{
	struct json_position *position = &reader->position;
	size_t valid = utf8_valid(raw, len);

	if (valid < len) {
		json_position_move(position, position->at + 1 + valid);
		reader_stop_here(reader, "this is not UTF-8");
		return false;
	}
	if (escapes && !json_escapes_are_paired(raw, len)) {
		reader_stop_here(reader, "half of a surrogate pair in a string");
		return false;
	}
	return true;
}

/* Finds the string token that yajl gave as (text, len) and moves behind it; *plain is its bytes in our own text, or
 * NULL where escapes had to be decoded. */
static bool reader_pass_string(struct reader *reader, size_t len, const char **plain)
{
	struct json_position *position = &reader->position;
	const char *raw = position->text + position->at + 1;
	size_t raw_len = yajl_get_bytes_consumed(reader->yajl) - position->at - 2;

	assert(position->text[position->at] == '"' && raw[raw_len] == '"');
	*plain = raw_len == len ? raw : NULL; /* every escape is longer than what it stands for */
	if (!reader_check_string(reader, raw, raw_len, *plain == NULL))
		return false;
	position->at += raw_len + 2;
	return true;
}

static int on_string(void *arg, const unsigned char *text, size_t len)
{
	struct reader *reader = arg;
	struct json_value *value = reader_add(reader, JSON_STRING);
	const char *plain;

	if (value == NULL || !reader_pass_string(reader, len, &plain))
		return 0;
	value->text = plain != NULL ? plain : json_arena_copy(&reader->doc->arena, text, len);
	value->len = len;
	return 1;
}

static int on_key(void *arg, const unsigned char *text, size_t len)
{
	struct reader *reader = arg;
	const char *plain;

	if (!reader_find_token(reader))
		return 0;
	reader->key_line = reader->position.line;
	reader->key_column = json_position_column(&reader->position);
	if (!reader_pass_string(reader, len, &plain))
		return 0;
	reader->key = json_arena_copy(&reader->doc->arena, text, len);
	reader->key_len = len;
	return 1;
}

static int reader_open(struct reader *reader, enum json_type type)
{
	struct json_value *value = reader_add(reader, type);

	if (value == NULL)
		return 0;
	if (reader->depth == reader->depth_max)
		return reader_stop_here(reader, "nested too deep");
	reader->path[reader->depth++] = (struct level){.container = value};
	reader_pass_token(reader, 1);
	return 1;
}

static int reader_close(struct reader *reader)
{
	if (!reader_find_token(reader))
		return 0;
	reader_pass_token(reader, 1);
	reader->depth--;
	return 1;
}

static int on_start_array(void *arg)
{
	return reader_open(arg, JSON_ARRAY);
}

static int on_end_array(void *arg)
{
	return reader_close(arg);
}

static int on_start_map(void *arg)
{
	return reader_open(arg, JSON_OBJECT);
}

/* Long keys are not named: cutting one could split a character. */
static int reader_stop_duplicate(struct reader *reader, const struct json_value *duplicate)
{
	char what[128];
	bool named = duplicate->key_len < 64;

	snprintf(what, sizeof(what), "the key %s%s%sis there twice", named ? "\"" : "", named ? duplicate->key : "",
	         named ? "\" " : "");
	return reader_stop(reader, duplicate->key_line, duplicate->key_column, what);
}

static int on_end_map(void *arg)
{
	struct reader *reader = arg;
	const struct json_value *object = reader->path[reader->depth - 1].container;
	const struct json_value *duplicate = json_find_duplicate(object);

	if (duplicate != NULL)
		return reader_stop_duplicate(reader, duplicate);
	return reader_close(reader);
}

static const yajl_callbacks callbacks = {
        .yajl_null = on_null,
        .yajl_boolean = on_boolean,
        .yajl_number = on_number,
        .yajl_string = on_string,
        .yajl_start_map = on_start_map,
        .yajl_map_key = on_key,
        .yajl_end_map = on_end_map,
        .yajl_start_array = on_start_array,
        .yajl_end_array = on_end_array,
};

/* To where the error is: a bad byte is the last that yajl took; a token that may not stand there begins after the one
 * before it, unless it is a comma or a colon. */
static void reader_find_error(struct reader *reader, bool lexical)
{
	struct json_position token = reader->position;
	size_t consumed = yajl_get_bytes_consumed(reader->yajl);
	size_t last = consumed > reader->position.at ? consumed - 1 : reader->position.at;

	json_position_skip(&token);
	if (!lexical && token.at <= last)
		reader->position = token;
	else
		json_position_move(&reader->position, last);
}

static void reader_explain(struct reader *reader)
{
	char words[JSON_YAJL_WORDS];

	reader_find_error(reader, json_yajl_explain(reader->yajl, words));
	reader_stop_here(reader, words);
}

/* yajl held back what stood at the very end of the text, and did not like it. */
static void reader_explain_end(struct reader *reader)
{
	bool behind = reader->doc->root != NULL && reader->depth == 0;

	if (behind)
		json_position_skip(&reader->position);
	else
		json_position_move(&reader->position, reader->position.len);
	reader_stop_here(reader, behind ? "trailing garbage" : "the text ends too early");
}

static void reader_run(struct reader *reader)
{
	const struct json_position *position = &reader->position;
	yajl_status status = yajl_parse(reader->yajl, (const unsigned char *)position->text, position->len);

	if (reader->stopped)
		return;
	if (status != yajl_status_ok) {
		reader_explain(reader);
		return;
	}
	status = yajl_complete_parse(reader->yajl);
	if (reader->stopped)
		return;
	if (status != yajl_status_ok) {
		reader_explain_end(reader);
		return;
	}
	if (reader_find_token(reader) && reader->position.comment_open)
		reader_stop_here(reader, "the text ends inside of a comment");
}

static struct json_limits limits_or_default(const struct json_limits *limits)
{
	struct json_limits chosen = limits != NULL ? *limits : (struct json_limits){0};

	if (chosen.depth == 0)
		chosen.depth = JSON_DEPTH;
	if (chosen.nodes == 0)
		chosen.nodes = JSON_NODES;
	return chosen;
}

bool json_parse(const char *text, size_t len, const struct json_limits *limits, struct json_doc **doc, struct err *err)
{
	struct json_limits bounds = limits_or_default(limits);
	struct reader reader = {.depth_max = bounds.depth, .nodes_max = bounds.nodes, .err = err};

	*doc = NULL;
	if (len == 0 || len > JSON_TEXT_MAX)
		return err_set(err, "line 1, column 1: %s", len == 0 ? "no value" : "the text is too long");
	reader.doc = mem_zero(sizeof(*reader.doc));
	reader.path = mem_array(NULL, bounds.depth, sizeof(reader.path[0]));
	json_position_init(&reader.position, text, len, bounds.comments);
	reader.yajl = json_yajl_new(&callbacks, bounds.comments, &reader);
	reader_run(&reader);
	yajl_free(reader.yajl);
	free(reader.path);
	if (reader.stopped) {
		json_free(reader.doc);
		return false;
	}
	assert(reader.doc->root != NULL && reader.depth == 0);
	*doc = reader.doc;
	return true;
}

const struct json_value *json_root(const struct json_doc *doc)
{
	return doc->root;
}

void json_free(struct json_doc *doc)
{
	if (doc == NULL)
		return;
	json_arena_clear(&doc->arena);
	free(doc);
}
