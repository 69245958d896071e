/* sqlite_inside: what the sqlite*.c files share.  Nobody else includes it. */
#pragma once

#include "services/store/store.h"
#include "services/store/sqlite_turn.h"

struct sqlite3;

struct store {
	struct sqlite3 *db;
	char *path;
	int busy_timeout_ms;
	struct store_statement *statements;
	struct store_turn *turn; /* NULL: read-only */
	int wal_pages;           /* in the log after the last commit */
	int wal_limit, wal_copy_at;
};

/* Sets err from what SQLite says last. */
bool store_fail(struct store *store, struct err *err);

/* Does this result code mean another process's lock, and is there time left? Then it has slept a little: try again. */
bool store_retry(int code, int64_t until_us);

/* The file as it is, for reading; what store_open sets is not set. store_close takes it. */
bool store_open_existing(const char *path, struct store **store, struct err *err);

bool store_read_version(struct store *store, int64_t *version, struct err *err);

/* Runs the scripts that are missing. A read-only store must be up to date. */
bool store_migrate(struct store *store, const char *const *migrations, bool read_only, struct err *err);

/* The log's length: watched from now on; looked at after a commit. pages 0: the usual limit. */
bool store_wal_open(struct store *store, int pages, struct err *err);
void store_wal_tend(struct store *store);

/* A new or renamed file is only there for good once its directory is synced. */
bool store_sync_directory(const char *path, struct err *err);
