/* candidates: a table of drivers, and the suite that is run with each row. */
#include "tests/unit/services/store/candidates.h"

#include "tests/unit/services/store/server.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_MS 5000

static const char *const RULES[] = {"SELECT 'row ' || id || ' has no name' FROM t WHERE name = ''", NULL};

/* --- sqlite ---------------------------------------------------------------------------------------------------- */

#define SQLITE_FIRST                                                                                           \
	"CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, picture TEXT NOT NULL DEFAULT '');" \
	"INSERT INTO t VALUES(1, 'one', '');"
static const char *const SQLITE_ONE[] = {SQLITE_FIRST, NULL};
static const char *const SQLITE_TWO[] = {SQLITE_FIRST, "ALTER TABLE t ADD COLUMN n INTEGER NOT NULL DEFAULT 7;", NULL};
static const char *const SQLITE_BROKEN[] = {SQLITE_FIRST, "CREATE TABLE half(x); SELECT nonsense FROM nowhere;", NULL};
static const char *const SQLITE_STATEMENTS[STATEMENTS] = {
        [ADD] = "INSERT INTO t(id, name, picture) VALUES(?1, ?2, ?3)",
        [ADD_THREE] = "INSERT INTO t(id, name) VALUES(?1, ?1), (?1 + 1, ?1 + 1), (?1 + 2, ?1 + 2)",
        [RENAME] = "UPDATE t SET name = ?1 WHERE id = 2",
        [DELETE] = "DELETE FROM t WHERE id = ?1",
        [COUNT] = "SELECT count(*) FROM t",
        [GET] = "SELECT name, picture, n FROM t WHERE id = ?1",
        [FROM] = "SELECT id FROM t WHERE id >= ?1 ORDER BY id DESC",
        [PICTURE] = "t.picture",
};

static char folder[64], path[80];

static char *sqlite_make(void)
{
	snprintf(folder, sizeof(folder), "/tmp/selfless-store-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/db", folder);
	return store_url_of_file(path);
}

static void sqlite_clear(void)
{
	static const char *const tails[] = {"", "-wal", "-shm", "-turn"};
	char name[100];

	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", path, tails[i]);
		unlink(name);
	}
	ck_assert_int_eq(rmdir(folder), 0);
}

/* --- postgresql ------------------------------------------------------------------------------------------------ */

#define POSTGRES_FIRST                                                                                         \
	"CREATE TABLE t(id bigint PRIMARY KEY, name text NOT NULL UNIQUE, picture bytea NOT NULL DEFAULT '');" \
	"INSERT INTO t VALUES(1, 'one', '');"
static const char *const POSTGRES_ONE[] = {POSTGRES_FIRST, NULL};
static const char *const POSTGRES_TWO[] = {POSTGRES_FIRST, "ALTER TABLE t ADD COLUMN n integer NOT NULL DEFAULT 7;",
                                           NULL};
static const char *const POSTGRES_BROKEN[] = {POSTGRES_FIRST,
                                              "CREATE TABLE half(x integer); SELECT nonsense FROM nowhere;", NULL};
static const char *const POSTGRES_STATEMENTS[STATEMENTS] = {
        [ADD] = ("WITH added AS (INSERT INTO t(id, name, picture) VALUES($1, $2, $3) ON CONFLICT DO NOTHING RETURNING 1)"
                 " SELECT 2 * count(*) - 1 FROM added"),
        [ADD_THREE] = ("WITH taken AS (SELECT FROM t WHERE id BETWEEN $1::bigint AND $1 + 2),"
                       " added AS (INSERT INTO t(id, name) SELECT id, id::text FROM generate_series($1, $1 + 2) id"
                       " WHERE NOT EXISTS (SELECT FROM taken) ON CONFLICT DO NOTHING RETURNING 1)"
                       " SELECT CASE WHEN EXISTS (SELECT FROM added) THEN 1 ELSE -1 END"),
        [RENAME] =
                ("WITH renamed AS (UPDATE t SET name = $1 WHERE id = 2 AND NOT EXISTS (SELECT FROM t WHERE name = $1)"
                 " RETURNING 1) SELECT CASE WHEN EXISTS (SELECT FROM renamed) THEN 1"
                 " WHEN EXISTS (SELECT FROM t WHERE id = 2) THEN -1 ELSE 0 END"),
        [DELETE] = "DELETE FROM t WHERE id = $1",
        [COUNT] = "SELECT count(*) FROM t",
        [GET] = "SELECT name, picture, n FROM t WHERE id = $1",
        [FROM] = "SELECT id FROM t WHERE id >= $1 ORDER BY id DESC",
        [PICTURE] = ("SELECT octet_length(picture)::bigint, substring(picture FROM $2::bigint::integer"
                     " FOR $3::bigint::integer) FROM t WHERE id = $1"),
};

/* --- all of them ----------------------------------------------------------------------------------------------- */

static const struct candidate CANDIDATES[] = {
        {"sqlite", SQLITE_ONE, SQLITE_TWO, SQLITE_BROKEN, SQLITE_STATEMENTS, sqlite_make, sqlite_clear, true, true},
        {"postgresql", POSTGRES_ONE, POSTGRES_TWO, POSTGRES_BROKEN, POSTGRES_STATEMENTS, server_make_database,
         server_clear_database, false, false},
};

#define CANDIDATE_COUNT ((int)(sizeof(CANDIDATES) / sizeof(CANDIDATES[0])))

const struct candidate *candidate;
char *url;
struct store_texts texts;
struct err err;

bool candidate_set_up(int number)
{
	candidate = &CANDIDATES[number];
	url = candidate->make();
	return url != NULL;
}

void candidate_tear_down(void)
{
	candidate->clear();
	free(url);
}

bool try_to_open(const char *const *migrations, bool read_only, int patience_ms, struct store **store)
{
	const struct store_texts *const all[] = {&texts, NULL};
	const struct store_options options = {
	        .url = url, .texts = all, .patience_ms = patience_ms, .read_only = read_only};

	texts = (struct store_texts){.dialect = candidate->dialect,
	                             .name = "suite",
	                             .migrations = migrations,
	                             .rules = RULES,
	                             .statements = candidate->statements};
	return store_open(&options, store, &err);
}

struct store *open_one(bool read_only)
{
	struct store *store;

	ck_assert_msg(try_to_open(candidate->two, read_only, PATIENCE_MS, &store), "%s", err.message);
	return store;
}

struct store_statement *prepared(struct store *store, int number)
{
	struct store_statement *statement;

	ck_assert_msg(store_prepare(store, number, &statement, &err), "%s", err.message);
	return statement;
}

int64_t rows(struct store *store)
{
	struct store_statement *count = prepared(store, COUNT);

	ck_assert_int_eq(store_step(count, &err), STORE_ROW);
	int64_t n = store_column_int(count, 0);
	store_reset(count);
	return n;
}

void begin(struct store *store)
{
	ck_assert_msg(store_begin(store, &err), "%s", err.message);
}

void commit(struct store *store)
{
	ck_assert_msg(store_commit(store, &err), "%s", err.message);
}

enum store_change settled(struct store_statement *statement, struct store *store)
{
	enum store_change change = STORE_PENDING;

	ck_assert_msg(store_change(statement, &change, &err), "%s", err.message);
	ck_assert_msg(store_settle(store, &err), "%s", err.message);
	return change;
}

enum store_change add(struct store *store, struct store_statement *statement, int64_t id, const char *name)
{
	store_bind_int(statement, 1, id);
	store_bind_text(statement, 2, name, strlen(name));
	store_bind_text(statement, 3, "", 0);
	return settled(statement, store);
}

int candidates_run(const char *name, const TTest *const *of_each, size_t each_count, const TTest *const *alone,
                   size_t alone_count)
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(name);

	for (size_t i = 0; i < alone_count; i++)
		tcase_add_test(tcase, alone[i]);
	for (size_t i = 0; i < each_count; i++)
		tcase_add_loop_test(tcase, of_each[i], 0, CANDIDATE_COUNT);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	server_start(); /* once for all tests, each of which is a process */
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	server_stop();
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
