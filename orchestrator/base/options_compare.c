/* options_compare: frees and compares structs that a table of options describes. */
#include "orchestrator/base/options.h"

#include <stdlib.h>
#include <string.h>

static void clear_text(const struct option *option, void *value)
{
	char **text = value;

	(void)option;
	free(*text);
	*text = NULL;
}

static void clear_strings(const struct option *option, void *value)
{
	(void)option;
	strings_clear(value);
}

static void clear_table(const struct option *option, void *value)
{
	options_clear(option->table, value);
}

static void clear_tables(const struct option *option, void *value)
{
	struct option_array *array = value;

	for (size_t i = 0; i < array->count; i++)
		options_clear(option->table, (char *)array->items + i * option->item_size);
	free(array->items);
	*array = (struct option_array){0};
}

static void (*const clearers[])(const struct option *, void *) = {
        [OPTION_TEXT] = clear_text,   [OPTION_TEXTS] = clear_strings, [OPTION_ENV] = clear_strings,
        [OPTION_TABLE] = clear_table, [OPTION_TABLES] = clear_tables,
};

void options_clear(const struct option *table, void *out)
{
	for (const struct option *row = table; row->key != NULL; row++) {
		if (row->type < sizeof(clearers) / sizeof(clearers[0]) && clearers[row->type] != NULL)
			clearers[row->type](row, (char *)out + row->offset);
	}
}

/* The path so far; each level appends its key and cuts it off again where nothing differs. */
struct path {
	char text[OPTIONS_PATH_SIZE];
	size_t len;
};

static bool same_table(const struct option *table, const void *a, const void *b, struct path *path);

static bool same_bool(const struct option *option, const void *a, const void *b, struct path *path)
{
	(void)option;
	(void)path;
	return *(const bool *)a == *(const bool *)b;
}

static bool same_int(const struct option *option, const void *a, const void *b, struct path *path)
{
	(void)option;
	(void)path;
	return *(const int64_t *)a == *(const int64_t *)b;
}

static bool same_real(const struct option *option, const void *a, const void *b, struct path *path)
{
	(void)option;
	(void)path;
	return *(const double *)a == *(const double *)b;
}

static bool same_enum(const struct option *option, const void *a, const void *b, struct path *path)
{
	(void)option;
	(void)path;
	return *(const int *)a == *(const int *)b;
}

static bool same_text(const struct option *option, const void *a, const void *b, struct path *path)
{
	const char *one = *(char *const *)a, *other = *(char *const *)b;

	(void)option;
	(void)path;
	if (one == NULL || other == NULL)
		return one == other;
	return strcmp(one, other) == 0;
}

static bool same_strings(const struct option *option, const void *a, const void *b, struct path *path)
{
	(void)option;
	(void)path;
	return strings_equal(a, b);
}

static bool same_inner(const struct option *option, const void *a, const void *b, struct path *path)
{
	return same_table(option->table, a, b, path);
}

static void path_add(struct path *path, const char *text)
{
	size_t len = strnlen(text, sizeof(path->text) - 1 - path->len);

	memcpy(path->text + path->len, text, len);
	path->len += len;
	path->text[path->len] = '\0';
}

static bool same_tables(const struct option *option, const void *a, const void *b, struct path *path)
{
	const struct option_array *one = a, *other = b;
	size_t len = path->len;
	char index[32];

	if (one->count != other->count)
		return false;
	for (size_t i = 0; i < one->count; i++) {
		size_t offset = i * option->item_size;
		snprintf(index, sizeof(index), "[%zu]", i);
		path_add(path, index);
		if (!same_table(option->table, (char *)one->items + offset, (char *)other->items + offset, path))
			return false;
		path->len = len;
	}
	return true;
}

static bool (*const comparers[])(const struct option *, const void *, const void *, struct path *) = {
        [OPTION_BOOL] = same_bool,   [OPTION_INT] = same_int,     [OPTION_REAL] = same_real,
        [OPTION_TEXT] = same_text,   [OPTION_ENUM] = same_enum,   [OPTION_TEXTS] = same_strings,
        [OPTION_ENV] = same_strings, [OPTION_TABLE] = same_inner, [OPTION_TABLES] = same_tables,
};

static bool same_row(const struct option *row, const void *a, const void *b, struct path *path)
{
	size_t len = path->len;

	if (len > 0 && path->text[len - 1] != '.')
		path_add(path, ".");
	path_add(path, row->key);
	if (!comparers[row->type](row, (const char *)a + row->offset, (const char *)b + row->offset, path))
		return false;
	path->len = len;
	return true;
}

static bool same_table(const struct option *table, const void *a, const void *b, struct path *path)
{
	for (const struct option *row = table; row->key != NULL; row++)
		if (!same_row(row, a, b, path))
			return false;
	return true;
}

static bool may_change(const struct option *table, const void *from, const void *to, struct path *path)
{
	size_t len = path->len;

	for (const struct option *row = table; row->key != NULL; row++) {
		if (row->type == OPTION_TABLE) {
			path_add(path, row->key);
			path_add(path, ".");
			if (!may_change(row->table, (const char *)from + row->offset, (const char *)to + row->offset,
			                path))
				return false;
			path->len = len;
		} else if (!row->reloadable && !same_row(row, from, to, path)) {
			return false;
		}
	}
	return true;
}

bool options_may_change(const struct option *table, const void *from, const void *to, char text[OPTIONS_PATH_SIZE])
{
	struct path path = {.len = 0};

	if (may_change(table, from, to, &path))
		return true;
	memcpy(text, path.text, OPTIONS_PATH_SIZE);
	return false;
}
