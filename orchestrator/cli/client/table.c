/* table: cells are kept as text until all are there and the widths are known. */
#include "orchestrator/cli/client/table.h"

#include "common/mem.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define GAP 2

struct table_cell {
	char *text;
	enum table_style style;
};

struct table {
	const struct table_column *columns;
	size_t column_count;
	struct table_cell *cells;
	size_t cell_count;
};

struct table *table_new(const struct table_column *columns, size_t count)
{
	struct table *table = mem_zero(sizeof(*table));

	table->columns = columns;
	table->column_count = count;
	return table;
}

void table_free(struct table *table)
{
	for (size_t i = 0; i < table->cell_count; i++)
		free(table->cells[i].text);
	free(table->cells);
	free(table);
}

/* C0, DEL, and C1 as UTF-8 (0xc2 0x80 to 0x9f), which some terminals obey as well. */
static void make_safe(char *text)
{
	for (unsigned char *at = (unsigned char *)text; *at != '\0'; at++) {
		if (*at < ' ' || *at == 0x7f)
			*at = '?';
		else if (*at == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f)
			at[0] = at[1] = '?';
	}
}

void table_safe_text(const char *text, FILE *to)
{
	char *copy = mem_dup(text);

	make_safe(copy);
	fputs(copy, to);
	free(copy);
}

void table_add(struct table *table, enum table_style style, const char *format, ...)
{
	char *text;
	va_list args;

	va_start(args, format);
	int len = vasprintf(&text, format, args);
	va_end(args);
	mem_must(len == -1 ? NULL : text);
	make_safe(text);
	table->cells = mem_array(table->cells, table->cell_count + 1, sizeof(*table->cells));
	table->cells[table->cell_count++] = (struct table_cell){text, style};
}

/* Characters, not bytes. Those that a terminal shows two columns wide are not expected in names of images. */
static int width_of(const char *text)
{
	int width = 0;

	for (; *text != '\0'; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static int column_width(const struct table *table, size_t column)
{
	int widest = width_of(table->columns[column].title);

	for (size_t i = column; i < table->cell_count; i += table->column_count) {
		int width = width_of(table->cells[i].text);
		widest = width > widest ? width : widest;
	}
	return widest;
}

static void print_cell(const struct table *table, size_t column, const char *text, const char *code, FILE *to)
{
	int pad = column_width(table, column) - width_of(text);
	bool right = table->columns[column].right, last = column + 1 == table->column_count;

	fprintf(to, "%*s%s%s%s", right ? pad : 0, "", code, text, code[0] != '\0' ? "\033[0m" : "");
	if (!last)
		fprintf(to, "%*s", (right ? 0 : pad) + GAP, "");
	else
		fputc('\n', to);
}

void table_print(const struct table *table, bool colour, FILE *to)
{
	static const char *const codes[] = {
	        [TABLE_PLAIN] = "", [TABLE_GOOD] = "\033[32m", [TABLE_BUSY] = "\033[33m", [TABLE_BAD] = "\033[1;31m"};

	assert(table->cell_count % table->column_count == 0);
	for (size_t i = 0; i < table->column_count; i++)
		print_cell(table, i, table->columns[i].title, colour ? "\033[1m" : "", to);
	for (size_t i = 0; i < table->cell_count; i++)
		print_cell(table, i % table->column_count, table->cells[i].text,
		           colour ? codes[table->cells[i].style] : "", to);
}
