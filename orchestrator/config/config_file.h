/* config_file: a configuration from a file, and back to text. */
#pragma once

#include "common/err.h"
#include "orchestrator/config/config.h"

#include <stdio.h>

#define CONFIG_BYTES_MAX 1048576 /* of a file */

/* Reads path (NULL: the built-in default) and checks it. On false err says file:line:column, the key and what is
 * allowed. The caller frees with config_free. */
bool config_load(const char *path, struct config **config, struct err *err) MUST_CHECK;

/* The same from a text; file is what it is called in messages. */
bool config_read(const char *file, const char *text, size_t len, struct config **config, struct err *err) MUST_CHECK;
void config_free(struct config *config); /* NULL is fine */

/* May the program that runs with `now` go on with `next`? False with the key that needs a restart. */
bool config_may_become(const struct config *now, const struct config *next, struct err *err) MUST_CHECK;

/* The whole configuration as JSON that config_load reads back to the same. */
void config_print(const struct config *config, FILE *to);
