/* sqlite_migrate: brings a database to the schema we know.
 *
 * Invariant: user_version counts the scripts that ran, and changes in the same transaction as what the script did; it
 * is read again inside, under the write lock, because another process may have run the script meanwhile.
 */
#include "services/store/sqlite_inside.h"

#include "common/clock.h"

#include <sqlite3.h>
#include <stdio.h>

static int count(const char *const *migrations)
{
	int n = 0;

	while (migrations != NULL && migrations[n] != NULL)
		n++;
	return n;
}

bool store_read_version(struct store *store, int64_t *version, struct err *err)
{
	sqlite3_stmt *stmt;
	bool ok = sqlite3_prepare_v2(store->db, "PRAGMA user_version", -1, &stmt, NULL) == SQLITE_OK &&
	          sqlite3_step(stmt) == SQLITE_ROW;

	if (ok)
		*version = sqlite3_column_int64(stmt, 0);
	else
		err_set_code(err, sqlite3_extended_errcode(store->db), "%s: %s", store->path,
		             sqlite3_errmsg(store->db));
	sqlite3_finalize(stmt);
	return ok;
}

/* *version may turn out to be higher once we have the lock. */
static bool run_next(struct store *store, const char *const *migrations, int known, int64_t *version, struct err *err)
{
	char bump[64];

	if (!store_begin(store, err))
		return false;
	if (!store_read_version(store, version, err))
		goto rollback;
	if (*version < 0 || *version >= known) {
		store_rollback(store);
		return true;
	}
	snprintf(bump, sizeof(bump), "PRAGMA user_version=%d", (int)*version + 1);
	if (!store_exec(store, migrations[*version], err) || !store_exec(store, bump, err))
		goto failed;
	if (!store_commit(store, err))
		goto rollback;
	++*version;
	return true;
failed:
	err_prefix(err, "migration %d", (int)*version + 1);
rollback:
	store_rollback(store);
	return false;
}

static bool read_version_patiently(struct store *store, int64_t *version, struct err *err)
{
	int64_t until_us = clock_us() + (int64_t)store->busy_timeout_ms * 1000;
	struct err why;

	while (!store_read_version(store, version, &why)) {
		if (!store_retry(why.code, until_us))
			return err_set_code(err, why.code, "%s", why.message);
	}
	return true;
}

static bool run_missing(struct store *store, const char *const *migrations, int known, int64_t *version,
                        struct err *err)
{
	int64_t until_us = clock_us() + (int64_t)store->busy_timeout_ms * 1000;
	struct err why;

	while (*version >= 0 && *version < known) {
		if (!run_next(store, migrations, known, version, &why) && !store_retry(why.code, until_us))
			return err_set_code(err, why.code, "%s", why.message);
	}
	return true;
}

bool store_migrate(struct store *store, const char *const *migrations, bool read_only, struct err *err)
{
	int known = count(migrations);
	int64_t version = 0;

	if (!read_version_patiently(store, &version, err))
		return false;
	if (read_only && version < known)
		return err_set_code(err, SQLITE_READONLY,
		                    "%s: schema %d is needed, the file has %d and cannot be changed", store->path,
		                    known, (int)version);
	if (!run_missing(store, migrations, known, &version, err))
		return false;
	if (version < 0 || version > known)
		return err_set_code(err, SQLITE_ERROR, "%s: made by a newer program (schema %d, this one knows %d)",
		                    store->path, (int)version, known);
	return true;
}
