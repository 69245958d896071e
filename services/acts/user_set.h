/* user_set: the names of a users list, to look them up. */
#pragma once

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>

struct user_set;

/* From the JSON array that the users service sends; text is copied. len 0: no users. */
bool user_set_new(const char *text, size_t len, struct user_set **set, struct err *err) MUST_CHECK;
bool user_set_has(const struct user_set *set, const char *name, size_t len);
void user_set_free(struct user_set *set); /* NULL is fine */
