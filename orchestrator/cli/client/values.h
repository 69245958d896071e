/* values: of a JSON document, as text for people. Pure. */
#pragma once

#include "common/json.h"

#define VALUE_SIZE 160

const struct json_value *value_first(const struct json_value *object, const char *key); /* of a list; NULL: none */

/* A text, or a number as it was written; "-" if there is neither. */
const char *value_text(const struct json_value *object, const char *key, char text[VALUE_SIZE]);
/* A text of any length that is not empty; NULL: there is none. Caller frees. */
char *value_dup(const struct json_value *object, const char *key);
bool value_bool(const struct json_value *object, const char *key, bool otherwise);
int64_t value_number(const struct json_value *object, const char *key, int64_t otherwise);
const char *value_time(int64_t ms, char text[VALUE_SIZE]); /* "34 s", "2 h" */
const char *value_time_of(const struct json_value *object, const char *key, char text[VALUE_SIZE]);

/* A moment (milliseconds, Unix time) on this machine's clock: a recent one, "11-30 19:04:59"; one that may be years away,
 * "2026-11-30 19:04". */
const char *value_moment(int64_t ms, char text[VALUE_SIZE]);
const char *value_date(int64_t ms, char text[VALUE_SIZE]);
