/* sqlite_db: the connection itself, its end, and what its errors mean.
 *
 * A misuse of SQLite's interface is our bug, running out of memory ends the process; what remains are failures of the disk
 * or of the data.
 */
#include "services/store/sqlite_inside.h"

#include "common/clock.h"
#include "common/mem.h"

#include <assert.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <unistd.h>

#define RETRY_MS 2

struct sqlite_store *sqlite_new(const char *path, int patience_ms)
{
	struct sqlite_store *sqlite = mem_zero(sizeof(*sqlite));

	sqlite->path = mem_dup(path);
	sqlite->patience_ms = patience_ms;
	return sqlite;
}

void sqlite_close(struct store *store)
{
	struct sqlite_store *sqlite = sqlite_of(store);

	while (sqlite->statements != NULL) {
		struct sqlite_statement *statement = sqlite->statements;
		sqlite->statements = statement->next;
		sqlite3_finalize(statement->stmt);
		free(statement);
	}
	int rc = sqlite3_close(sqlite->db);
	assert(rc == SQLITE_OK);
	(void)rc;
	sqlite_turn_close(sqlite->turn);
	free(sqlite->path);
	free(sqlite);
}

bool sqlite_fail(struct sqlite_store *sqlite, struct err *err)
{
	int code = sqlite3_extended_errcode(sqlite->db);

	if ((code & 0xff) == SQLITE_NOMEM)
		mem_must(NULL);
	return err_set_code(err, code, "%s: %s", sqlite->path, sqlite3_errmsg(sqlite->db));
}

/* Waiting and asking again is done below, as long as patience lasts: none is worth another try. */
enum store_failure sqlite_failure(int code)
{
	return (code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED ? STORE_BUSY : STORE_BROKEN;
}

bool sqlite_retry(int code, int64_t until_us)
{
	if (sqlite_failure(code) != STORE_BUSY || clock_us() >= until_us)
		return false;
	sqlite3_sleep(RETRY_MS);
	return true;
}

int64_t sqlite_until_us(const struct sqlite_store *sqlite)
{
	return clock_us() + (int64_t)sqlite->patience_ms * 1000;
}

bool sqlite_exec(struct sqlite_store *sqlite, const char *sql, struct err *err)
{
	return sqlite3_exec(sqlite->db, sql, NULL, NULL, NULL) == SQLITE_OK || sqlite_fail(sqlite, err);
}

bool sqlite_exec_patiently(struct sqlite_store *sqlite, const char *sql, struct err *err)
{
	int64_t until_us = sqlite_until_us(sqlite);

	while (sqlite3_exec(sqlite->db, sql, NULL, NULL, NULL) != SQLITE_OK) {
		if (!sqlite_retry(sqlite3_extended_errcode(sqlite->db), until_us))
			return sqlite_fail(sqlite, err);
	}
	return true;
}
