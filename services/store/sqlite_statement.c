/* sqlite_statement: statements, their parameters and their rows. */
#include "services/store/sqlite_inside.h"

#include "common/mem.h"

#include <assert.h>

static sqlite3_stmt *stmt_of(struct store_statement *statement)
{
	return ((struct sqlite_statement *)statement)->stmt;
}

bool sqlite_prepare(struct store *store, const char *sql, struct store_statement **statement, struct err *err)
{
	struct sqlite_store *sqlite = sqlite_of(store);
	sqlite3_stmt *stmt;

	*statement = NULL;
	if (sqlite3_prepare_v3(sqlite->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) != SQLITE_OK)
		return sqlite_fail(sqlite, err);
	assert(stmt != NULL);
	struct sqlite_statement *made = mem_zero(sizeof(*made));
	*made = (struct sqlite_statement){.base.store = store, .stmt = stmt, .next = sqlite->statements};
	sqlite->statements = made;
	*statement = &made->base;
	return true;
}

/* Anything but OK is a wrong index or a statement that is still running. */
static void bound(int rc)
{
	if (rc == SQLITE_NOMEM)
		mem_must(NULL);
	assert(rc == SQLITE_OK);
}

void sqlite_bind_int(struct store_statement *statement, int index, int64_t value)
{
	bound(sqlite3_bind_int64(stmt_of(statement), index, value));
}

void sqlite_bind_text(struct store_statement *statement, int index, const char *text, size_t len)
{
	bound(sqlite3_bind_text64(stmt_of(statement), index, text, len, SQLITE_STATIC, SQLITE_UTF8));
}

void sqlite_reset(struct store_statement *statement)
{
	sqlite3_reset(stmt_of(statement));
	sqlite3_clear_bindings(stmt_of(statement));
}

/* SQLite undoes a refused statement by itself, with all that its triggers did ("ABORT", its default). */
bool sqlite_change(struct store_statement *statement, enum store_change *change, struct err *err)
{
	struct sqlite_store *sqlite = sqlite_of_statement(statement);
	int rc = sqlite3_step(stmt_of(statement));
	bool good = rc == SQLITE_DONE || (rc & 0xff) == SQLITE_CONSTRAINT;

	assert(rc != SQLITE_ROW && (rc & 0xff) != SQLITE_MISUSE);
	if (rc == SQLITE_DONE)
		*change = sqlite3_changes(sqlite->db) > 0 ? STORE_CHANGED : STORE_UNCHANGED;
	else if (good)
		*change = STORE_TAKEN;
	else
		sqlite_fail(sqlite, err);
	sqlite_reset(statement);
	return good;
}

enum store_step sqlite_step(struct store_statement *statement, struct err *err)
{
	int rc = sqlite3_step(stmt_of(statement));

	if (rc == SQLITE_ROW)
		return STORE_ROW;
	if (rc == SQLITE_DONE)
		return STORE_DONE;
	assert((rc & 0xff) != SQLITE_MISUSE);
	sqlite_fail(sqlite_of_statement(statement), err);
	return STORE_FAILED;
}

int64_t sqlite_column_int(struct store_statement *statement, int column)
{
	return sqlite3_column_int64(stmt_of(statement), column);
}

/* The length is asked for after the bytes, as the first call may convert. */
const char *sqlite_column_text(struct store_statement *statement, int column, size_t *len)
{
	sqlite3_stmt *stmt = stmt_of(statement);
	const char *text = (const char *)sqlite3_column_text(stmt, column);

	if (len != NULL)
		*len = (size_t)sqlite3_column_bytes(stmt, column);
	return text;
}
