/* store: one SQLite database file: open, migrate, transaction, prepared statements.
 *
 * WAL, synchronous=FULL, foreign keys on, a busy timeout. Errors carry SQLite's extended result code as err->code.
 * Processes that write the same file take turns (sqlite_turn.h; the file PATH-turn), and keep its log short between them
 * (sqlite_wal.c): at times a commit returns some milliseconds after it is durable.
 * Statements are prepared once and kept; a statement belongs to its store and dies with it.
 * Not thread safe: one store per thread.
 */
#pragma once

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;
struct store_statement;

struct store_options {
	const char *path;
	const char *const *migrations; /* NULL-terminated SQL scripts; number i brings user_version from i to i+1 */
	int busy_timeout_ms;           /* how long to wait for another process's lock; 0 = do not wait */
	bool read_only;
	int checkpoint_pages; /* how long the log may get before it is copied; 0 = 2000 pages, 8 MB */
};

/* Opens or makes the file, sets the pragmas, runs the migrations that are missing, each in a transaction. A database
 * whose user_version is newer than we know is refused. */
bool store_open(const struct store_options *options, struct store **store, struct err *err) MUST_CHECK;
void store_close(struct store *store); /* NULL is fine */

bool store_exec(struct store *store, const char *sql, struct err *err) MUST_CHECK;

/* BEGIN IMMEDIATE once it is our turn. Whatever follows ends in a commit that is true, or in a rollback. */
bool store_begin(struct store *store, struct err *err) MUST_CHECK;
bool store_commit(struct store *store, struct err *err) MUST_CHECK;
void store_rollback(struct store *store);

/* Prepares (kept for the life of the store). The SQL is ours, so a failure is the schema's or the disk's. */
bool store_prepare(struct store *store, const char *sql, struct store_statement **statement,
                   struct err *err) MUST_CHECK;

/* Parameters from 1. Text and blob are borrowed until store_reset. */
void store_bind_int(struct store_statement *statement, int index, int64_t value);
void store_bind_text(struct store_statement *statement, int index, const char *text, size_t len);
void store_bind_blob(struct store_statement *statement, int index, const void *data, size_t len);

enum store_step { STORE_ROW, STORE_DONE, STORE_CONSTRAINT, STORE_BUSY, STORE_FAILED };

/* Runs to the next row or the end. err is set for CONSTRAINT, BUSY and FAILED. */
enum store_step store_step(struct store_statement *statement, struct err *err) MUST_CHECK;
void store_reset(struct store_statement *statement); /* also forgets the parameters */

/* Columns from 0; text and blob are valid until the next step or reset. */
int64_t store_column_int(struct store_statement *statement, int column);
const char *store_column_text(struct store_statement *statement, int column, size_t *len);

int store_changes(const struct store *store); /* rows changed by the last statement */

/* Is the result code one that means "the store cannot serve now" (busy, full, I/O, read-only, corrupt, cannot open)? */
bool store_code_unavailable(int code);

/* Is it one that only means that another connection holds the lock? */
bool store_code_busy(int code);
