/* store: one SQLite database file.
 *
 * store_open: open -> pragmas -> migrations (sqlite_migrate.c). Whatever may meet another process that does the same at
 * the same moment is tried again until the busy timeout is over: SQLite's own handler is not asked where waiting could
 * be a deadlock, as in the switch to WAL.
 *
 * Invariant: every statement prepared is in `statements` and dies with the store. A misuse of SQLite's interface is
 * our bug, running out of memory ends the process; what remains are failures of the disk or of the data.
 */
#include "services/store/store.h"

#include "common/clock.h"
#include "common/mem.h"
#include "services/store/sqlite_inside.h"

#include <assert.h>
#include <fcntl.h>
#include <libgen.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RETRY_MS 2

struct store_statement {
	struct store *store;
	sqlite3_stmt *stmt;
	struct store_statement *next;
};

bool store_fail(struct store *store, struct err *err)
{
	int code = sqlite3_extended_errcode(store->db);

	if ((code & 0xff) == SQLITE_NOMEM)
		mem_must(NULL);
	return err_set_code(err, code, "%s: %s", store->path, sqlite3_errmsg(store->db));
}

bool store_code_busy(int code)
{
	return (code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED;
}

bool store_retry(int code, int64_t until_us)
{
	if (!store_code_busy(code) || clock_us() >= until_us)
		return false;
	sqlite3_sleep(RETRY_MS);
	return true;
}

bool store_exec(struct store *store, const char *sql, struct err *err)
{
	return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK || store_fail(store, err);
}

static bool exec_patiently(struct store *store, const char *sql, struct err *err)
{
	int64_t until_us = clock_us() + (int64_t)store->busy_timeout_ms * 1000;

	while (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK) {
		if (!store_retry(sqlite3_extended_errcode(store->db), until_us))
			return store_fail(store, err);
	}
	return true;
}

static bool set_pragmas(struct store *store, bool read_only, struct err *err)
{
	sqlite3_busy_timeout(store->db, store->busy_timeout_ms);
	if (!read_only && !exec_patiently(store, "PRAGMA journal_mode=WAL", err))
		return false;
	return exec_patiently(store, "PRAGMA synchronous=FULL", err) &&
	       exec_patiently(store, "PRAGMA foreign_keys=ON", err);
}

/* SQLite does this for its journals alone. */
bool store_sync_directory(const char *path, struct err *err)
{
	char *copy = mem_dup(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd != -1 && fsync(fd) != -1;

	if (!ok)
		err_set_code(err, SQLITE_IOERR_DIR_FSYNC, "%s: its directory cannot be synced", path);
	if (fd != -1)
		close(fd);
	free(copy);
	return ok;
}

static bool open_for_writing(struct store *store, int checkpoint_pages, struct err *err)
{
	char *path = mem_format("%s-turn", store->path);
	bool ok = store_turn_open(path, &store->turn, err) && store_wal_open(store, checkpoint_pages, err);

	free(path);
	return ok;
}

bool store_open(const struct store_options *options, struct store **store_out, struct err *err)
{
	int flags = options->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	struct store *store = mem_zero(sizeof(*store));
	bool is_new = !options->read_only && access(options->path, F_OK) == -1;

	*store_out = NULL;
	store->path = mem_dup(options->path);
	store->busy_timeout_ms = options->busy_timeout_ms;
	int rc = sqlite3_open_v2(options->path, &store->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	mem_must(store->db);
	bool ok = rc == SQLITE_OK || store_fail(store, err);
	ok = ok && set_pragmas(store, options->read_only, err);
	ok = ok && (options->read_only || open_for_writing(store, options->checkpoint_pages, err));
	ok = ok && store_migrate(store, options->migrations, options->read_only, err);
	ok = ok && (!is_new || store_sync_directory(options->path, err));
	if (!ok) {
		store_close(store);
		return false;
	}
	*store_out = store;
	return true;
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	while (store->statements != NULL) {
		struct store_statement *statement = store->statements;
		store->statements = statement->next;
		sqlite3_finalize(statement->stmt);
		free(statement);
	}
	int rc = sqlite3_close(store->db);
	assert(rc == SQLITE_OK);
	(void)rc;
	store_turn_close(store->turn);
	free(store->path);
	free(store);
}

/* A file that was removed or replaced under us would take writes, and lose them with our last descriptor of it. */
static bool check_still_there(struct store *store, struct err *err)
{
	int moved = 0;

	sqlite3_file_control(store->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	return !moved || err_set_code(err, SQLITE_READONLY_DBMOVED,
	                              "%s: removed or replaced while in use: start the service again", store->path);
}

/* Who does not take turns, a tool say, may still hold the lock: it is waited for as long as time is left. */
static bool begin_until(struct store *store, int64_t until_us, struct err *err)
{
	int64_t left_ms = (until_us - clock_us()) / 1000;

	sqlite3_busy_timeout(store->db, left_ms > 0 ? (int)left_ms : 0);
	bool good = store_exec(store, "BEGIN IMMEDIATE", err);
	sqlite3_busy_timeout(store->db, store->busy_timeout_ms);
	return good;
}

bool store_begin(struct store *store, struct err *err)
{
	int64_t until_us = clock_us() + (int64_t)store->busy_timeout_ms * 1000;

	assert(store->turn != NULL);
	if (!check_still_there(store, err))
		return false;
	if (!store_turn_take(store->turn, until_us, err))
		return err_prefix(err, "%s", store->path);
	if (begin_until(store, until_us, err))
		return true;
	store_turn_release(store->turn);
	return false;
}

bool store_commit(struct store *store, struct err *err)
{
	if (!store_exec(store, "COMMIT", err))
		return false;
	store_turn_release(store->turn);
	store_wal_tend(store);
	return true;
}

/* Some failures have already rolled back; then there is nothing to do. */
void store_rollback(struct store *store)
{
	if (sqlite3_get_autocommit(store->db) == 0)
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	store_turn_release(store->turn);
}

bool store_prepare(struct store *store, const char *sql, struct store_statement **statement, struct err *err)
{
	sqlite3_stmt *stmt;

	*statement = NULL;
	if (sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) != SQLITE_OK)
		return store_fail(store, err);
	assert(stmt != NULL);
	struct store_statement *made = mem_zero(sizeof(*made));
	*made = (struct store_statement){.store = store, .stmt = stmt, .next = store->statements};
	store->statements = made;
	*statement = made;
	return true;
}

/* Anything but OK is a wrong index or a statement that is still running. */
static void bound(int rc)
{
	if (rc == SQLITE_NOMEM)
		mem_must(NULL);
	assert(rc == SQLITE_OK);
}

void store_bind_int(struct store_statement *statement, int index, int64_t value)
{
	bound(sqlite3_bind_int64(statement->stmt, index, value));
}

void store_bind_text(struct store_statement *statement, int index, const char *text, size_t len)
{
	bound(sqlite3_bind_text64(statement->stmt, index, text, len, SQLITE_STATIC, SQLITE_UTF8));
}

void store_bind_blob(struct store_statement *statement, int index, const void *data, size_t len)
{
	if (len == 0) /* a NULL pointer would bind NULL */
		bound(sqlite3_bind_zeroblob(statement->stmt, index, 0));
	else
		bound(sqlite3_bind_blob64(statement->stmt, index, data, len, SQLITE_STATIC));
}

enum store_step store_step(struct store_statement *statement, struct err *err)
{
	int rc = sqlite3_step(statement->stmt);

	if (rc == SQLITE_ROW)
		return STORE_ROW;
	if (rc == SQLITE_DONE)
		return STORE_DONE;
	assert((rc & 0xff) != SQLITE_MISUSE);
	store_fail(statement->store, err);
	if ((rc & 0xff) == SQLITE_CONSTRAINT)
		return STORE_CONSTRAINT;
	return store_code_busy(rc) ? STORE_BUSY : STORE_FAILED;
}

void store_reset(struct store_statement *statement)
{
	sqlite3_reset(statement->stmt);
	sqlite3_clear_bindings(statement->stmt);
}

int64_t store_column_int(struct store_statement *statement, int column)
{
	return sqlite3_column_int64(statement->stmt, column);
}

/* The length is asked for after the bytes, as the first call may convert. */
const char *store_column_text(struct store_statement *statement, int column, size_t *len)
{
	bool blob = sqlite3_column_type(statement->stmt, column) == SQLITE_BLOB;
	const char *bytes = blob ? sqlite3_column_blob(statement->stmt, column)
	                         : (const char *)sqlite3_column_text(statement->stmt, column);

	if (len != NULL)
		*len = (size_t)sqlite3_column_bytes(statement->stmt, column);
	return bytes;
}

int store_changes(const struct store *store)
{
	return sqlite3_changes(store->db);
}

bool store_code_unavailable(int code)
{
	static const int codes[] = {
	        SQLITE_BUSY,   SQLITE_LOCKED,   SQLITE_FULL,     SQLITE_IOERR, SQLITE_READONLY, SQLITE_CORRUPT,
	        SQLITE_NOTADB, SQLITE_CANTOPEN, SQLITE_PROTOCOL, SQLITE_PERM,  SQLITE_AUTH,     SQLITE_NOLFS,
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if ((code & 0xff) == codes[i])
			return true;
	}
	return false;
}
