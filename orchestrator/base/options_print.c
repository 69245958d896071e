/* options_print: the values that a table of options describes, as JSON. */
#include "orchestrator/base/options.h"

#include "common/json.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#define SCALAR_BYTES ((size_t)1 << 20)

static void print_table(const struct option *table, const void *values, FILE *to, int indent);

/* A string with its escapes is the writer's affair. */
static void print_text(const char *text, size_t len, FILE *to)
{
	struct json_writer w;
	struct buf buf;

	buf_init(&buf, SCALAR_BYTES);
	json_writer_init(&w, &buf);
	json_text_n(&w, text, len);
	fwrite(buf.data, 1, buf.len, to);
	buf_clear(&buf);
}

static void print_scalar_bool(const struct option *option, const void *value, FILE *to, int indent)
{
	(void)option;
	(void)indent;
	fputs(*(const bool *)value ? "true" : "false", to);
}

static void print_int(const struct option *option, const void *value, FILE *to, int indent)
{
	(void)option;
	(void)indent;
	fprintf(to, "%" PRId64, *(const int64_t *)value);
}

static void print_real(const struct option *option, const void *value, FILE *to, int indent)
{
	struct json_writer w;
	struct buf buf;

	(void)option;
	(void)indent;
	buf_init(&buf, 64);
	json_writer_init(&w, &buf);
	json_decimal(&w, *(const double *)value);
	fwrite(buf.data, 1, buf.len, to);
	buf_clear(&buf);
}

static void print_scalar_text(const struct option *option, const void *value, FILE *to, int indent)
{
	const char *text = *(char *const *)value;

	(void)option;
	(void)indent;
	if (text == NULL)
		fputs("null", to);
	else
		print_text(text, strlen(text), to);
}

static void print_enum(const struct option *option, const void *value, FILE *to, int indent)
{
	const char *word = option_word(option, *(const int *)value);

	(void)indent;
	print_text(word, strlen(word), to);
}

static void print_texts(const struct option *option, const void *value, FILE *to, int indent)
{
	const struct strings *strings = value;

	(void)option;
	(void)indent;
	fputc('[', to);
	for (size_t i = 0; i < strings->count; i++) {
		if (i > 0)
			fputs(", ", to);
		print_text(strings->items[i], strlen(strings->items[i]), to);
	}
	fputc(']', to);
}

static void print_env(const struct option *option, const void *value, FILE *to, int indent)
{
	const struct strings *strings = value;

	(void)option;
	fputc('{', to);
	for (size_t i = 0; i < strings->count; i++) {
		const char *name = strings->items[i], *equals = strchr(name, '=');
		assert(equals != NULL);
		fprintf(to, "%s\n%*s", i > 0 ? "," : "", indent + 2, "");
		print_text(name, (size_t)(equals - name), to);
		fputs(": ", to);
		print_text(equals + 1, strlen(equals + 1), to);
	}
	if (strings->count > 0)
		fprintf(to, "\n%*s", indent, "");
	fputc('}', to);
}

static void print_inner(const struct option *option, const void *value, FILE *to, int indent)
{
	print_table(option->table, value, to, indent);
}

static void print_tables(const struct option *option, const void *value, FILE *to, int indent)
{
	const struct option_array *array = value;

	fputc('[', to);
	for (size_t i = 0; i < array->count; i++) {
		fprintf(to, "%s\n%*s", i > 0 ? "," : "", indent + 2, "");
		print_table(option->table, (const char *)array->items + i * option->item_size, to, indent + 2);
	}
	if (array->count > 0)
		fprintf(to, "\n%*s", indent, "");
	fputc(']', to);
}

static void (*const printers[])(const struct option *, const void *, FILE *, int) = {
        [OPTION_BOOL] = print_scalar_bool, [OPTION_INT] = print_int,     [OPTION_REAL] = print_real,
        [OPTION_TEXT] = print_scalar_text, [OPTION_ENUM] = print_enum,   [OPTION_TEXTS] = print_texts,
        [OPTION_ENV] = print_env,          [OPTION_TABLE] = print_inner, [OPTION_TABLES] = print_tables,
};

static void print_table(const struct option *table, const void *values, FILE *to, int indent)
{
	fputc('{', to);
	for (const struct option *row = table; row->key != NULL; row++) {
		fprintf(to, "%s\n%*s\"%s\": ", row == table ? "" : ",", indent + 2, "", row->key);
		printers[row->type](row, (const char *)values + row->offset, to, indent + 2);
	}
	fprintf(to, "\n%*s}", indent, "");
}

void options_print(const struct option *table, const void *values, FILE *to)
{
	print_table(table, values, to, 0);
	fputc('\n', to);
}
