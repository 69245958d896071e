/* sqlite_migrate: brings a database to the schema we know.
 *
 * Invariant: user_version counts the scripts that ran, and changes in the same transaction as what the script did; it
 * is read again inside, under the write lock, because another process may have run the script meanwhile.
 */
#include "services/store/sqlite_inside.h"

#include <stdio.h>

static int count(const char *const *migrations)
{
	int n = 0;

	while (migrations != NULL && migrations[n] != NULL)
		n++;
	return n;
}

bool sqlite_read_version(struct sqlite_store *sqlite, int64_t *version, struct err *err)
{
	sqlite3_stmt *stmt;
	bool ok = sqlite3_prepare_v2(sqlite->db, "PRAGMA user_version", -1, &stmt, NULL) == SQLITE_OK &&
	          sqlite3_step(stmt) == SQLITE_ROW;

	if (ok)
		*version = sqlite3_column_int64(stmt, 0);
	else
		sqlite_fail(sqlite, err);
	sqlite3_finalize(stmt);
	return ok;
}

/* *version may turn out to be higher once we have the lock. */
static bool run_next(struct sqlite_store *sqlite, const char *const *migrations, int known, int64_t *version,
                     struct err *err)
{
	char bump[64];

	if (!sqlite_begin(&sqlite->base, err))
		return false;
	if (!sqlite_read_version(sqlite, version, err))
		goto rollback;
	if (*version < 0 || *version >= known) {
		sqlite_undo(&sqlite->base);
		return true;
	}
	snprintf(bump, sizeof(bump), "PRAGMA user_version=%d", (int)*version + 1);
	if (!sqlite_exec(sqlite, migrations[*version], err) || !sqlite_exec(sqlite, bump, err))
		goto failed;
	if (!sqlite_commit(&sqlite->base, err))
		goto rollback;
	++*version;
	return true;
failed:
	err_prefix(err, "migration %d", (int)*version + 1);
rollback:
	sqlite_undo(&sqlite->base);
	return false;
}

static bool read_version_patiently(struct sqlite_store *sqlite, int64_t *version, struct err *err)
{
	int64_t until_us = sqlite_until_us(sqlite);
	struct err why;

	while (!sqlite_read_version(sqlite, version, &why)) {
		if (!sqlite_retry(why.code, until_us))
			return err_set_code(err, why.code, "%s", why.message);
	}
	return true;
}

static bool run_missing(struct sqlite_store *sqlite, const char *const *migrations, int known, int64_t *version,
                        struct err *err)
{
	int64_t until_us = sqlite_until_us(sqlite);
	struct err why;

	while (*version >= 0 && *version < known) {
		if (!run_next(sqlite, migrations, known, version, &why) && !sqlite_retry(why.code, until_us))
			return err_set_code(err, why.code, "%s", why.message);
	}
	return true;
}

bool sqlite_migrate(struct sqlite_store *sqlite, const char *const *migrations, bool read_only, struct err *err)
{
	int known = count(migrations);
	int64_t version = 0;

	if (!read_version_patiently(sqlite, &version, err))
		return false;
	if (read_only && version < known)
		return err_set_code(err, SQLITE_READONLY,
		                    "%s: schema %d is needed, the file has %d and cannot be changed", sqlite->path,
		                    known, (int)version);
	if (!run_missing(sqlite, migrations, known, &version, err))
		return false;
	if (version < 0 || version > known)
		return err_set_code(err, SQLITE_ERROR, "%s: made by a newer program (schema %d, this one knows %d)",
		                    sqlite->path, (int)version, known);
	return true;
}
