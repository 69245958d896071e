/* options: one table says what a configuration file may hold; reading, --help, --print-config and the documentation
 * are made from it.
 *
 * A row is {key, type, offset, min, max, default, words, table, reloadable, help}. Defaults are JSON text, read by the
 * same code as the file, so a default cannot be of the wrong kind. Unknown keys are refused. Errors say
 * file:line:column, the key with its path ("services[1].scale.min"), what was found and what is allowed.
 */
#pragma once

#include "common/err.h"
#include "common/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct strings { /* owned */
	char **items;
	size_t count;
};

void strings_clear(struct strings *strings);
void strings_add(struct strings *strings, const char *text); /* copies */
bool strings_equal(const struct strings *a, const struct strings *b);

enum option_type {
	OPTION_BOOL,   /* bool */
	OPTION_INT,    /* int64_t, min..max */
	OPTION_REAL,   /* double, min..max */
	OPTION_TEXT,   /* char *, owned; length min..max bytes, no NUL inside */
	OPTION_ENUM,   /* int: index into words */
	OPTION_TEXTS,  /* struct strings: a string or an array of strings; count min..max */
	OPTION_ENV,    /* struct strings of "KEY=value": an object with string values */
	OPTION_TABLE,  /* a struct inside the struct, read by table */
	OPTION_TABLES, /* struct option_array: array of objects, each read by table */
};

struct option_array {
	void *items; /* count structs of item_size bytes */
	size_t count;
};

struct option {
	const char *key;
	enum option_type type;
	size_t offset;
	double min, max;
	const char *fallback;     /* JSON text; NULL = required in the file (never for TABLE; for TABLES: empty) */
	const char *const *words; /* ENUM: the first of them; NULL ends them */
	size_t word_stride; /* ENUM: bytes from one to the next, where they stand in rows; 0 = they are an array */
	const struct option *table; /* TABLE, TABLES: rows ended by key NULL */
	size_t item_size;           /* TABLES */
	bool reloadable;            /* may change at SIGHUP */
	const char *unit;           /* "ms", "bytes", ... or NULL */
	const char *otherwise;      /* what holds where the file does not say, in words, where fallback is not that; or NULL */
	const char *help;           /* one sentence */
	/* More of its help that follows from elsewhere, beginning with a space, cut to size; NULL = there is none. */
	void (*note)(const char *key, char *text, size_t size);
};

#define OPTION_END          \
	{                   \
		.key = NULL \
	}

/* Fills `out` (zeroed by the caller) from object (NULL: only defaults). file is for messages.
 * On false what was filled must still be freed with options_clear. */
bool options_read(const struct option *table, const char *file, const struct json_value *object, void *out,
                  struct err *err) MUST_CHECK;
void options_clear(const struct option *table, void *out);

/* Writes the values as one JSON object, indented by two spaces, keys in the order of the table. */
void options_print(const struct option *table, const void *values, FILE *to);

/* The word of an enum's value; NULL behind the last. */
const char *option_word(const struct option *row, int value);

/* help and what note adds. */
#define OPTION_HELP_SIZE 1024
void option_help(const struct option *row, char text[OPTION_HELP_SIZE]);

/* Is a TEXT, TEXTS or ENV of this key, in a struct that the table describes, empty? The key is in the table. */
bool option_is_empty(const struct option *table, const char *key, const void *values);

/* What a row takes, in words: "whole number"; "10 to 3600000 ms", "" where there is nothing to say. Words of an enum are
 * put between quotes. */
const char *option_type_text(const struct option *row);
void option_allowed(const struct option *row, const char *quote, char *text, size_t size);

/* A table in Markdown: key | type | default | allowed | reload | meaning; one section per nested table. */
void options_document(const struct option *table, FILE *to);

#define OPTIONS_PATH_SIZE 200 /* bytes, of "services[1].scale.min" */

/* May `from` become `to` while the program runs? False if a row that is not reloadable differs: path is then the first such
 * value's. A table is looked at row by row, whatever its own row says; what is inside a reloadable array of tables is not. */
bool options_may_change(const struct option *table, const void *from, const void *to, char path[OPTIONS_PATH_SIZE]);

/* Sets err to "file:line:column: key: message" for cross-field checks; value may be NULL (then "file: key: ..."). */
bool options_error(struct err *err, const char *file, const struct json_value *at, const char *key, const char *format,
                   ...) __attribute__((format(printf, 5, 6)));
