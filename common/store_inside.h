/* store_inside: what store.c and store_migrate.c share.  Private to the store. */
#pragma once

#include "common/store.h"

struct sqlite3;

struct store {
	struct sqlite3 *db;
	char *path;
	int busy_timeout_ms;
	struct store_statement *statements;
};

/* Err from what SQLite says last; false. */
bool store_fail(struct store *store, struct err *err);

/* Does this result code mean another process's lock, and is there time left? Then it has slept a little: try again. */
bool store_retry(int code, int64_t until_us);

/* Runs the scripts that are missing. A read-only store must be up to date. */
bool store_migrate(struct store *store, const char *const *migrations, bool read_only, struct err *err);
