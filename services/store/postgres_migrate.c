/* postgres_migrate: brings a schema to the version we know.
 *
 * Invariant: store_schema counts the scripts that ran, and changes in the same transaction as what the script did. One program
 * does it at a time, under an advisory lock; each reads the version again once it has the lock.
 */
#include "services/store/postgres_inside.h"

#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

/* Beside the service's tables: how far they are, and who writes (postgres_transaction.c). */
#define OWN_TABLES                                                                                    \
	"CREATE TABLE IF NOT EXISTS store_schema (version integer NOT NULL);"                         \
	"INSERT INTO store_schema SELECT 0 WHERE NOT EXISTS (SELECT FROM store_schema);"              \
	"CREATE TABLE IF NOT EXISTS store_writers (writer bigint PRIMARY KEY, batch bigint NOT NULL," \
	" seen timestamptz NOT NULL DEFAULT now()) WITH (fillfactor = 50);"

static int64_t count(const char *const *migrations)
{
	int64_t n = 0;

	while (migrations != NULL && migrations[n] != NULL)
		n++;
	return n;
}

bool postgres_read_version(struct postgres_store *pg, int64_t *version, struct err *err)
{
	int64_t there = 0;

	*version = 0;
	return postgres_ask(pg, "SELECT count(*) FROM pg_class WHERE oid = to_regclass('store_schema')", &there, err) &&
	       (there == 0 || postgres_ask(pg, "SELECT version FROM store_schema", version, err));
}

/* Who may not make schemas may still use one that somebody made. */
static bool make_schema(struct postgres_store *pg, struct err *err)
{
	char *name, *sql;
	int64_t there = 0;
	bool good;

	if (pg->schema == NULL)
		return true;
	name = mem_must(PQescapeLiteral(pg->conn, pg->schema, strlen(pg->schema)));
	sql = mem_format("SELECT count(*) FROM pg_namespace WHERE nspname = %s", name);
	good = postgres_ask(pg, sql, &there, err);
	free(sql);
	PQfreemem(name);
	if (!good || there > 0)
		return good;
	name = mem_must(PQescapeIdentifier(pg->conn, pg->schema, strlen(pg->schema)));
	sql = mem_format("CREATE SCHEMA %s", name);
	good = postgres_exec(pg, sql, err);
	free(sql);
	PQfreemem(name);
	return good;
}

static bool lock(struct postgres_store *pg, struct err *err)
{
	char *name = mem_must(PQescapeLiteral(pg->conn, pg->schema != NULL ? pg->schema : "",
	                                      pg->schema != NULL ? strlen(pg->schema) : 0));
	char *sql = mem_format("SELECT pg_advisory_xact_lock(hashtext('selfless.schema'), hashtext(%s))", name);
	bool good = postgres_exec(pg, sql, err);

	free(sql);
	PQfreemem(name);
	return good;
}

/* In a transaction: the script that is next, if it is still missing. */
static bool run_script(struct postgres_store *pg, const char *const *migrations, int64_t known, int64_t *version,
                       struct err *err)
{
	if (!lock(pg, err) || !make_schema(pg, err) || !postgres_exec(pg, OWN_TABLES, err) ||
	    !postgres_read_version(pg, version, err))
		return false;
	if (*version < 0 || *version >= known)
		return true;
	++*version;
	if (postgres_exec(pg, migrations[*version - 1], err) &&
	    postgres_exec(pg, "UPDATE store_schema SET version = version + 1", err))
		return true;
	return err_prefix(err, "migration %d", (int)*version);
}

static bool run_next(struct postgres_store *pg, const char *const *migrations, int64_t known, int64_t *version,
                     struct err *err)
{
	struct err ignored;
	bool good = postgres_exec(pg, "BEGIN", err) && run_script(pg, migrations, known, version, err) &&
	            postgres_exec(pg, "COMMIT", err);

	if (!good && !postgres_exec(pg, "ROLLBACK", &ignored))
		return false;
	return good;
}

bool postgres_migrate(struct postgres_store *pg, const char *const *migrations, struct err *err)
{
	int64_t known = count(migrations), version = 0;

	if (!postgres_read_version(pg, &version, err))
		return false;
	if (pg->read_only && version < known)
		return err_set(err, "%s: schema %d is needed, there is %d, which cannot be changed here", pg->shown,
		               (int)known, (int)version);
	for (int64_t before = -1; version > before && version < known;) {
		before = version;
		if (!run_next(pg, migrations, known, &version, err))
			return false;
	}
	if (version < 0 || version > known)
		return err_set(err, "%s: made by a newer program (schema %d, this one knows %d)", pg->shown,
		               (int)version, (int)known);
	return true;
}
