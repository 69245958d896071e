/* sqlite_inside: what the sqlite*.c files share. Nobody else includes it but their tests.
 *
 *   sqlite (open, the row) -> sqlite_check, _backup, _migrate -> _transaction -> _wal -> _turn -> _db
 */
#pragma once

#include "services/store/sqlite_turn.h"
#include "services/store/store_driver.h"

#include <sqlite3.h>

struct sqlite_statement {
	struct store_statement base;
	sqlite3_stmt *stmt;
	struct sqlite_statement *next;
};

/* Every statement prepared is in `statements`. */
struct sqlite_store {
	struct store base;
	sqlite3 *db;
	char *path;
	int patience_ms;
	struct sqlite_statement *statements;
	struct store_statement *begin_reading, *end_reading;
	struct sqlite_turn *turn; /* NULL: read-only */
	int wal_pages;            /* in the log after the last commit */
	int wal_limit, wal_copy_at;
	struct store_stamps stamps;
};

static inline struct sqlite_store *sqlite_of(struct store *store)
{
	return (struct sqlite_store *)store;
}

static inline struct sqlite_store *sqlite_of_statement(struct store_statement *statement)
{
	return sqlite_of(statement->store);
}

/* --- sqlite_db.c ----------------------------------------------------------------------------------------------- */

/* patience_ms: see store.h; what is not set is 0. */
struct sqlite_store *sqlite_new(const char *path, int patience_ms);
void sqlite_close(struct store *store);

/* Sets err from what SQLite says last. */
bool sqlite_fail(struct sqlite_store *sqlite, struct err *err);
enum store_failure sqlite_failure(int code);

/* Does this result code mean another process's lock, and is there time left? Then it has slept a little: try again. */
bool sqlite_retry(int code, int64_t until_us);
int64_t sqlite_until_us(const struct sqlite_store *sqlite); /* when patience that begins now is over */

bool sqlite_exec(struct sqlite_store *sqlite, const char *sql, struct err *err) MUST_CHECK;
bool sqlite_exec_patiently(struct sqlite_store *sqlite, const char *sql, struct err *err) MUST_CHECK;

/* --- sqlite_existing.c ----------------------------------------------------------------------------------------- */

/* The file as it is, for reading; what opening a store sets is not set. sqlite_close takes it. */
bool sqlite_open_existing(const char *path, struct sqlite_store **sqlite, struct err *err) MUST_CHECK;

/* --- sqlite_statement.c: see store.h --------------------------------------------------------------------------- */

bool sqlite_prepare(struct store *store, const char *sql, struct store_statement **statement, struct err *err);
void sqlite_bind_int(struct store_statement *statement, int index, int64_t value);
void sqlite_bind_text(struct store_statement *statement, int index, const char *text, size_t len);
bool sqlite_change(struct store_statement *statement, enum store_change *change, struct err *err);
enum store_step sqlite_step(struct store_statement *statement, struct err *err);
void sqlite_reset(struct store_statement *statement);
int64_t sqlite_column_int(struct store_statement *statement, int column);
const char *sqlite_column_text(struct store_statement *statement, int column, size_t *len);

/* --- sqlite_blob.c --------------------------------------------------------------------------------------------- */

enum store_step sqlite_blob_open(struct store *store, const char *text, int64_t row, struct store_blob **blob,
                                 struct err *err);
bool sqlite_blob_read(struct store_blob *blob, size_t from, void *to, size_t len, struct err *err);
void sqlite_blob_close(struct store_blob *blob);

/* --- sqlite_wal.c ---------------------------------------------------------------------------------------------- */

/* The log's length: watched from now on; looked at after a commit. pages: how long it may get before it is copied; 0: as
 * long as copying is a small part of writing. */
bool sqlite_wal_open(struct sqlite_store *sqlite, int pages, struct err *err) MUST_CHECK;
void sqlite_wal_tend(struct sqlite_store *sqlite);

/* --- sqlite_transaction.c -------------------------------------------------------------------------------------- */

bool sqlite_begin(struct store *store, struct err *err) MUST_CHECK;
bool sqlite_settle(struct store *store, struct err *err);
bool sqlite_commit(struct store *store, struct err *err) MUST_CHECK;
void sqlite_undo(struct store *store);
bool sqlite_begin_reading(struct store *store, struct err *err);
void sqlite_end_reading(struct store *store);

/* --- sqlite_migrate.c ------------------------------------------------------------------------------------------ */

bool sqlite_read_version(struct sqlite_store *sqlite, int64_t *version, struct err *err) MUST_CHECK;

/* Runs the scripts that are missing. A read-only store must be up to date. */
bool sqlite_migrate(struct sqlite_store *sqlite, const char *const *migrations, bool read_only,
                    struct err *err) MUST_CHECK;

/* --- sqlite_stamp.c, sqlite_check.c, sqlite_backup.c ----------------------------------------------------------- */

const struct store_stamps *sqlite_stamps(struct store *store);
bool sqlite_check_file(const char *path, const struct store_texts *texts, const struct store_watch *watch,
                       size_t *problems, struct err *err) MUST_CHECK;
bool sqlite_check(const struct store_check *check, const struct store_texts *texts, const struct store_watch *watch,
                  size_t *problems, struct err *err);
bool sqlite_backup(const struct store_backup *backup, const struct store_texts *texts, const struct store_watch *watch,
                   int64_t *bytes, struct err *err);
