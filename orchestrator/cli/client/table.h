/* table: text in columns, as wide as what is in them. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum table_style { TABLE_PLAIN, TABLE_GOOD, TABLE_BUSY, TABLE_BAD };

struct table_column {
	const char *title;
	bool right; /* numbers: at the right edge */
};

struct table;

struct table *table_new(const struct table_column *columns, size_t count); /* columns are borrowed */
void table_free(struct table *table);

/* The next cell, row by row. Control characters become '?': no text from elsewhere moves the cursor. */
void table_add(struct table *table, enum table_style style, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* The titles and the rows, each a line. The last row must be whole. */
void table_print(const struct table *table, bool colour, FILE *to);

/* Text that is in no table, made harmless in the same way. */
void table_safe_text(const char *text, FILE *to);
