/* options_document: the table itself, for people. */
#include "orchestrator/base/options.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define ALLOWED_SIZE 512
#define PATH_SIZE 200

const char *option_type_text(const struct option *row)
{
	static const char *const names[] = {
	        [OPTION_BOOL] = "true or false", [OPTION_INT] = "whole number", [OPTION_REAL] = "number",
	        [OPTION_TEXT] = "string",        [OPTION_ENUM] = "word",        [OPTION_TEXTS] = "string or strings",
	        [OPTION_ENV] = "object",         [OPTION_TABLE] = "object",     [OPTION_TABLES] = "objects",
	};

	return names[row->type];
}

const char *option_word(const struct option *row, int value)
{
	size_t stride = row->word_stride != 0 ? row->word_stride : sizeof(*row->words);

	return *(const char *const *)((const char *)row->words + (size_t)value * stride);
}

void option_help(const struct option *row, char text[OPTION_HELP_SIZE])
{
	int len = snprintf(text, OPTION_HELP_SIZE, "%s", row->help);

	if (row->note != NULL && len < OPTION_HELP_SIZE)
		row->note(row->key, text + len, OPTION_HELP_SIZE - (size_t)len);
}

bool option_is_empty(const struct option *table, const char *key, const void *values)
{
	const struct option *row = table;
	const void *value;

	while (strcmp(row->key, key) != 0)
		row++;
	value = (const char *)values + row->offset;
	assert(row->type == OPTION_TEXT || row->type == OPTION_TEXTS || row->type == OPTION_ENV);
	if (row->type == OPTION_TEXT)
		return (*(char *const *)value)[0] == '\0';
	return ((const struct strings *)value)->count == 0;
}

static void allowed_words(const struct option *row, const char *quote, char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (int i = 0; option_word(row, i) != NULL && len < size; i++)
		len += (size_t)snprintf(text + len, size - len, "%s%s%s%s", i > 0 ? ", " : "", quote,
		                        option_word(row, i), quote);
}

void option_allowed(const struct option *row, const char *quote, char *text, size_t size)
{
	text[0] = '\0';
	switch (row->type) {
	case OPTION_INT:
	case OPTION_REAL:
		snprintf(text, size, "%.15g to %.15g%s%s", row->min, row->max, row->unit != NULL ? " " : "",
		         row->unit != NULL ? row->unit : "");
		break;
	case OPTION_TEXT:
		snprintf(text, size, "%.0f to %.0f bytes", row->min, row->max);
		break;
	case OPTION_TEXTS:
		snprintf(text, size, "%.0f to %.0f of them", row->min, row->max);
		break;
	case OPTION_TABLES:
		if (row->max > 0)
			snprintf(text, size, "%.0f to %.0f of them", row->min, row->max);
		break;
	case OPTION_ENUM:
		allowed_words(row, quote, text, size);
		break;
	case OPTION_ENV:
		snprintf(text, size, "names with string values");
		break;
	case OPTION_BOOL:
	case OPTION_TABLE:
		break;
	}
}

static void document_row(const struct option *row, FILE *to)
{
	bool inner = row->type == OPTION_TABLE || row->type == OPTION_TABLES;
	char allowed[ALLOWED_SIZE], help[OPTION_HELP_SIZE];

	fprintf(to, "| `%s` | %s | ", row->key, option_type_text(row));
	if (inner)
		fputs("see below", to);
	else if (row->otherwise != NULL)
		fputs(row->otherwise, to);
	else if (row->fallback == NULL)
		fputs("required", to);
	else if (strcmp(row->fallback, "null") == 0)
		fputs("not set", to);
	else
		fprintf(to, "`%s`", row->fallback);
	option_allowed(row, "`", allowed, sizeof(allowed));
	option_help(row, help);
	fprintf(to, " | %s | %s | %s |\n", allowed, inner ? "" : row->reloadable ? "yes" : "restart", help);
}

static void document_table(const struct option *table, const char *path, FILE *to)
{
	fputs("| key | type | default | allowed | reload | meaning |\n|---|---|---|---|---|---|\n", to);
	for (const struct option *row = table; row->key != NULL; row++)
		document_row(row, to);
	for (const struct option *row = table; row->key != NULL; row++) {
		char inner[PATH_SIZE];
		if (row->type != OPTION_TABLE && row->type != OPTION_TABLES)
			continue;
		snprintf(inner, sizeof(inner), "%s%s%s%s", path, *path != '\0' ? "." : "", row->key,
		         row->type == OPTION_TABLES ? "[]" : "");
		fprintf(to, "\n### `%s`\n\n", inner);
		document_table(row->table, inner, to);
	}
}

void options_document(const struct option *table, FILE *to)
{
	document_table(table, "", to);
}
