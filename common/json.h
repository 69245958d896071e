/* json: strict JSON in and out, on yajl (reader: its SAX parser; writer: our own, into a buf).
 *
 * Reading gives a tree in one arena. Refused, with line and column: malformed text, anything behind the value,
 * invalid UTF-8, a lone surrogate escape, a duplicate key, nesting over the depth given, more than max_nodes values.
 * yajl's tree parser is not used: it recurses and lets comments through.
 * A string without escapes points into the text that was parsed, so a 16 MB picture costs no copy: the text must
 * outlive the document.
 */
#pragma once

#include "common/buf.h"
#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_value {
	enum json_type type;
	uint32_t line, column; /* where it starts in the text, from 1 (column in bytes) */
	const char *key;       /* member of an object: its name (key_len bytes, NUL behind), else NULL */
	size_t key_len;
	uint32_t key_line, key_column;
	bool boolean;
	const char *text; /* STRING: its bytes (may hold NUL, not NUL-terminated). NUMBER: as written */
	size_t len;
	struct json_value *first; /* ARRAY, OBJECT: children in the order of the text */
	struct json_value *next;  /* sibling */
	size_t count;             /* number of children */
};

struct json_doc;

struct json_limits {
	unsigned depth; /* deepest nesting; a scalar alone is 0, [] is 1. 0 = 32 */
	size_t nodes;   /* most values in all. 0 = 100000 */
	bool comments;  /* allow C and C++ comments */
};

/* Parses exactly one value. limits NULL = the defaults, no comments. err: "line L, column C: what is wrong".
 * Ownership: the caller frees *doc with json_free; values die with it; text is borrowed until then. */
bool json_parse(const char *text, size_t len, const struct json_limits *limits, struct json_doc **doc,
                struct err *err) MUST_CHECK;
const struct json_value *json_root(const struct json_doc *doc);
void json_free(struct json_doc *doc); /* NULL is fine */

/* The member called key of an object, NULL if there is none or value is no object (value may be NULL). */
const struct json_value *json_get(const struct json_value *value, const char *key);

/* The first member of an object; NULL if it has none or value is no object (value may be NULL). Whoever reads keys begins here:
 * the children of an array have none. */
const struct json_value *json_members(const struct json_value *value);

/* json_get along names, NULL-terminated: json_path(v, "State", "ExitCode", NULL). */
const struct json_value *json_path(const struct json_value *value, ...) __attribute__((sentinel));

/* A copy of a string value with a NUL behind; NULL if value is NULL, no string, or holds a NUL. Caller frees. */
char *json_dup_text(const struct json_value *value);

bool json_text_is(const struct json_value *value, const char *text);

/* A number without fraction or exponent within int64; false otherwise (also for NULL). */
bool json_int(const struct json_value *value, int64_t *out);
bool json_real(const struct json_value *value, double *out);

/* Several values one behind the other, separated or not by white space, as the Docker Engine streams them. Feed gives
 * each complete object to on_value; a partial one is kept until more comes. */
typedef void json_stream_value(const struct json_value *value, void *arg);
struct json_stream;
struct json_stream *json_stream_new(size_t max_value_bytes, json_stream_value *on_value, void *arg);
bool json_stream_feed(struct json_stream *stream, const char *data, size_t len, struct err *err) MUST_CHECK;
void json_stream_free(struct json_stream *stream);

/* --- struct <-> JSON by const tables --------------------------------------------------------------------------- */

enum json_field_type {
	JSON_FIELD_TEXT,        /* struct json_text at offset: bytes borrowed from the document */
	JSON_FIELD_INT,         /* int64_t at offset, min <= n <= max */
	JSON_FIELD_INT_OR_TEXT, /* the same; a decimal string ("12", no sign, no leading zero but "0") is taken as well */
	JSON_FIELD_BOOL,        /* bool at offset */
};

struct json_text {
	const char *data;
	size_t len;
};

struct json_field {
	const char *name;
	enum json_field_type type;
	size_t offset;    /* into the struct */
	int64_t min, max; /* INT: its range. TEXT: its length in bytes */
	bool optional;
};

/* Reads an object into a struct: every field there unless optional, right type and range, no other key.
 * err says which field: "username: missing", "actId: must be a whole number from 0 to 9223372036854775807". */
bool json_bind(const struct json_value *object, const struct json_field *fields, size_t count, void *out,
               struct err *err) MUST_CHECK;

/* --- writer ---------------------------------------------------------------------------------------------------- */

/* Writes into buf, which bounds the size; commas are placed by themselves. After a failure (buf full) the rest is
 * ignored and json_writer_ok is false. Strings must be UTF-8 (callers hold text that was checked on the way in);
 * bytes that are not are replaced by U+FFFD. Depth is at most 32 (assert). */
struct json_writer {
	struct buf *buf;
	bool failed;
	unsigned depth;
	bool need_comma[33];
	bool after_key;
};

void json_writer_init(struct json_writer *w, struct buf *buf);
bool json_writer_ok(const struct json_writer *w) MUST_CHECK;
void json_begin_object(struct json_writer *w);
void json_end_object(struct json_writer *w);
void json_begin_array(struct json_writer *w);
void json_end_array(struct json_writer *w);
void json_key(struct json_writer *w, const char *key);
void json_text(struct json_writer *w, const char *text); /* NULL writes null */
void json_text_n(struct json_writer *w, const char *text, size_t len);
void json_number(struct json_writer *w, int64_t number);
void json_unsigned(struct json_writer *w, uint64_t number);
void json_decimal(struct json_writer *w, double number); /* shortest that reads back; not NaN/Inf */
void json_bool(struct json_writer *w, bool value);
void json_null(struct json_writer *w);
void json_raw(struct json_writer *w, const char *text, size_t len); /* already JSON */

/* key and value in one call */
void json_member_text(struct json_writer *w, const char *key, const char *text);
void json_member_number(struct json_writer *w, const char *key, int64_t number);
void json_member_bool(struct json_writer *w, const char *key, bool value);
