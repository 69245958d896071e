/* options_read: a JSON object into a struct, by a table of options.
 *
 * For each row: the member of the file, else the default, goes through the reader of the row's type. Then whatever the
 * file has that no row asked for is refused.
 *
 * Invariant: `out` was zeroed, so that after any failure options_clear can free what had been filled so far.
 */
#include "orchestrator/base/options.h"

#include "common/alike.h"
#include "common/mem.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define PATH_BYTES 200

/* Where we are in the file: a chain of keys upwards, spelled out only for messages. */
struct step {
	const struct step *up;
	const char *key; /* NULL: an element, number index, of `up` */
	size_t index;
};

struct source {
	const char *file;
	const struct step *at;
	bool is_default; /* kinds are still checked, ranges not: a default may mean "not set" */
	struct err *err;
};

static bool read_table(struct source source, const struct option *table, const struct json_value *object, char *out);

static void step_spell(const struct step *step, char *path, size_t size)
{
	if (step == NULL) {
		path[0] = '\0';
		return;
	}
	step_spell(step->up, path, size);
	size_t len = strlen(path);
	if (step->key == NULL)
		snprintf(path + len, size - len, "[%zu]", step->index);
	else
		snprintf(path + len, size - len, "%s%s", len > 0 ? "." : "", step->key);
}

static bool options_error_va(struct err *err, const char *file, uint32_t line, uint32_t column, const char *key,
                             const char *format, va_list args)
{
	char text[sizeof(err->message)];

	vsnprintf(text, sizeof(text), format, args);
	if (line == 0)
		return err_set(err, "%s: %s%s%s", file, key, *key != '\0' ? ": " : "", text);
	return err_set(err, "%s:%u:%u: %s%s%s", file, line, column, key, *key != '\0' ? ": " : "", text);
}

bool options_error(struct err *err, const char *file, const struct json_value *at, const char *key, const char *format,
                   ...)
{
	va_list args;

	va_start(args, format);
	options_error_va(err, file, at != NULL ? at->line : 0, at != NULL ? at->column : 0, key, format, args);
	va_end(args);
	return false;
}

__attribute__((format(printf, 3, 4))) static bool refuse(struct source source, const struct json_value *at,
                                                         const char *format, ...)
{
	char path[PATH_BYTES];
	va_list args;

	assert(!source.is_default); /* a default of the wrong kind is our bug */
	step_spell(source.at, path, sizeof(path));
	va_start(args, format);
	options_error_va(source.err, source.file, at != NULL ? at->line : 0, at != NULL ? at->column : 0, path, format,
	                 args);
	va_end(args);
	return false;
}

static const char *found(const struct json_value *value)
{
	static const char *const names[] = {
	        [JSON_NULL] = "null",       [JSON_BOOL] = "true or false", [JSON_NUMBER] = "a number",
	        [JSON_STRING] = "a string", [JSON_ARRAY] = "an array",     [JSON_OBJECT] = "an object",
	};

	return names[value->type];
}

static bool in_range(struct source source, const struct option *option, double number)
{
	return source.is_default || (number >= option->min && number <= option->max);
}

static bool read_bool(struct source source, const struct option *option, const struct json_value *value, void *to)
{
	(void)option;
	if (value->type != JSON_BOOL)
		return refuse(source, value, "is %s, must be true or false", found(value));
	memcpy(to, &value->boolean, sizeof(value->boolean));
	return true;
}

/* The bounds are doubles in the table; whole ones up to 2^53 are exact, and none needs more. */
static bool read_int(struct source source, const struct option *option, const struct json_value *value, void *to)
{
	int64_t number, min = (int64_t)option->min, max = (int64_t)option->max;

	if (value->type != JSON_NUMBER)
		return refuse(source, value, "is %s, must be a whole number from %" PRId64 " to %" PRId64, found(value),
		              min, max);
	if (!json_int(value, &number) || (!source.is_default && (number < min || number > max)))
		return refuse(source, value, "is %.*s, must be a whole number from %" PRId64 " to %" PRId64,
		              value->len < 40 ? (int)value->len : 40, value->text, min, max);
	memcpy(to, &number, sizeof(number));
	return true;
}

static bool read_real(struct source source, const struct option *option, const struct json_value *value, void *to)
{
	double number;

	if (value->type != JSON_NUMBER)
		return refuse(source, value, "is %s, must be a number from %g to %g", found(value), option->min,
		              option->max);
	if (!json_real(value, &number) || !in_range(source, option, number))
		return refuse(source, value, "is %.*s, must be a number from %g to %g",
		              value->len < 40 ? (int)value->len : 40, value->text, option->min, option->max);
	memcpy(to, &number, sizeof(number));
	return true;
}

/* A default of null stands for "not set" and reads as NULL; the file may then say null as well. */
static bool read_text(struct source source, const struct option *option, const struct json_value *value, void *to)
{
	char *text = NULL;
	bool may_be_null = option->fallback != NULL && strcmp(option->fallback, "null") == 0;

	if (value->type == JSON_NULL && may_be_null)
		return true;
	if (value->type != JSON_STRING)
		return refuse(source, value, "is %s, must be a string", found(value));
	if (!in_range(source, option, (double)value->len))
		return refuse(source, value, "is %zu bytes long, must be %.0f to %.0f", value->len, option->min,
		              option->max);
	text = json_dup_text(value);
	if (text == NULL)
		return refuse(source, value, "must not hold a NUL");
	memcpy(to, &text, sizeof(text));
	return true;
}

static bool read_enum(struct source source, const struct option *option, const struct json_value *value, void *to)
{
	char words[160] = "";
	size_t len = 0;

	for (int i = 0; option_word(option, i) != NULL; i++) {
		if (json_text_is(value, option_word(option, i))) {
			memcpy(to, &i, sizeof(i));
			return true;
		}
		if (len < sizeof(words))
			len += (size_t)snprintf(words + len, sizeof(words) - len, "%s\"%s\"", i > 0 ? ", " : "",
			                        option_word(option, i));
	}
	if (value->type != JSON_STRING)
		return refuse(source, value, "is %s, must be one of %s", found(value), words);
	return refuse(source, value, "is \"%.*s\", must be one of %s", value->len < 40 ? (int)value->len : 40,
	              value->text, words);
}

static bool add_text(struct source source, const struct json_value *value, struct strings *to)
{
	if (value->type != JSON_STRING)
		return refuse(source, value, "is %s, must be a string", found(value));
	char *text = json_dup_text(value);
	if (text == NULL)
		return refuse(source, value, "must not hold a NUL");
	strings_add(to, text);
	free(text);
	return true;
}

static bool read_texts(struct source source, const struct option *option, const struct json_value *value, void *to)
{
	bool array = value->type == JSON_ARRAY;
	size_t count = array ? value->count : 1;
	struct step step = {.up = source.at};
	struct source inside = source;

	if (!array && value->type != JSON_STRING)
		return refuse(source, value, "is %s, must be a string or an array of strings", found(value));
	if (!in_range(source, option, (double)count))
		return refuse(source, value, "has %zu elements, must have %.0f to %.0f", count, option->min,
		              option->max);
	if (!array)
		return add_text(source, value, to);
	inside.at = &step;
	for (const struct json_value *item = value->first; item != NULL; item = item->next, step.index++) {
		if (!add_text(inside, item, to))
			return false;
	}
	return true;
}

static bool read_env(struct source source, const struct option *option, const struct json_value *value, void *to)
{
	struct strings *strings = to;

	(void)option;
	if (value->type != JSON_OBJECT)
		return refuse(source, value, "is %s, must be an object", found(value));
	for (const struct json_value *item = value->first; item != NULL; item = item->next) {
		struct step step = {.up = source.at, .key = item->key};
		struct source inside = {source.file, &step, source.is_default, source.err};
		if (item->key_len == 0 || strpbrk(item->key, "=") != NULL || strlen(item->key) != item->key_len)
			return refuse(inside, item, "cannot be the name of an environment variable");
		if (item->type != JSON_STRING)
			return refuse(inside, item, "is %s, must be a string", found(item));
		if (memchr(item->text, '\0', item->len) != NULL)
			return refuse(inside, item, "must not hold a NUL");
		char *pair = mem_format("%s=%.*s", item->key, (int)item->len, item->text);
		strings_add(strings, pair);
		free(pair);
	}
	return true;
}

static bool read_inner(struct source source, const struct option *option, const struct json_value *value, void *to)
{
	if (value != NULL && value->type != JSON_OBJECT)
		return refuse(source, value, "is %s, must be an object", found(value));
	return read_table(source, option->table, value, to);
}

static bool read_tables(struct source source, const struct option *option, const struct json_value *value, void *to)
{
	struct option_array *array = to;
	struct step step = {.up = source.at};
	struct source inside = source;

	if (value->type != JSON_ARRAY)
		return refuse(source, value, "is %s, must be an array of objects", found(value));
	if (option->max > 0 && !in_range(source, option, (double)value->count))
		return refuse(source, value, "has %zu elements, must have %.0f to %.0f", value->count, option->min,
		              option->max);
	array->items = mem_zero(value->count * option->item_size);
	array->count = value->count;
	inside.at = &step;
	for (const struct json_value *item = value->first; item != NULL; item = item->next, step.index++) {
		if (!read_inner(inside, option, item, (char *)array->items + step.index * option->item_size))
			return false;
	}
	return true;
}

static bool (*const readers[])(struct source, const struct option *, const struct json_value *, void *) = {
        [OPTION_BOOL] = read_bool, [OPTION_INT] = read_int,     [OPTION_REAL] = read_real,
        [OPTION_TEXT] = read_text, [OPTION_ENUM] = read_enum,   [OPTION_TEXTS] = read_texts,
        [OPTION_ENV] = read_env,   [OPTION_TABLE] = read_inner, [OPTION_TABLES] = read_tables,
};

static bool read_default(struct source source, const struct option *option, void *to)
{
	struct json_doc *doc;
	struct err err;
	bool ok = json_parse(option->fallback, strlen(option->fallback), NULL, &doc, &err);

	assert(ok); /* the table's default is no JSON: our bug */
	source.is_default = true;
	ok = readers[option->type](source, option, json_root(doc), to);
	json_free(doc);
	return ok;
}

static bool read_row(struct source source, const struct option *option, const struct json_value *object, char *out)
{
	struct step step = {.up = source.at, .key = option->key};
	const struct json_value *value = json_get(object, option->key);
	void *to = out + option->offset;

	source.at = &step;
	if (value != NULL || option->type == OPTION_TABLE)
		return readers[option->type](source, option, value, to);
	if (option->fallback != NULL)
		return read_default(source, option, to);
	if (option->type == OPTION_TABLES)
		return true;
	return refuse(source, object, "is required");
}

static const struct option *row_find(const struct option *table, const struct json_value *member)
{
	for (const struct option *row = table; row->key != NULL; row++) {
		if (strlen(row->key) == member->key_len && memcmp(row->key, member->key, member->key_len) == 0)
			return row;
	}
	return NULL;
}

static bool refuse_unknown(struct source source, const struct option *table, const struct json_value *member)
{
	char question[ALIKE_QUESTION_SIZE];
	struct alike alike;
	struct json_value at = {.line = member->key_line, .column = member->key_column};
	struct step step = {.up = source.at, .key = member->key};

	source.at = &step;
	alike_begin(&alike, member->key);
	for (const struct option *row = table; row->key != NULL; row++)
		alike_offer(&alike, row->key);
	return refuse(source, &at, "unknown key%s", alike_question(&alike, question));
}

static bool read_table(struct source source, const struct option *table, const struct json_value *object, char *out)
{
	for (const struct json_value *item = json_members(object); item != NULL; item = item->next) {
		if (row_find(table, item) == NULL)
			return refuse_unknown(source, table, item);
	}
	for (const struct option *row = table; row->key != NULL; row++) {
		if (!read_row(source, row, object, out))
			return false;
	}
	return true;
}

bool options_read(const struct option *table, const char *file, const struct json_value *object, void *out,
                  struct err *err)
{
	struct source source = {.file = file, .err = err};

	if (object != NULL && object->type != JSON_OBJECT)
		return refuse(source, object, "is %s, must be an object", found(object));
	return read_table(source, table, object, out);
}
