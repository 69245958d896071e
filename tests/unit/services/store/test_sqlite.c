/* sqlite: what is SQLite's own beside the promises of every store: its settings, its codes, what is no database. */
#include "common/clock.h"
#include "services/store/sqlite_inside.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const MIGRATIONS[] = {"CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT UNIQUE);", NULL};
static const char *const STATEMENTS[] = {"INSERT INTO t(name) VALUES(?1)", "SELECT name FROM t",
                                         "SELECT absent FROM t"};
static const struct store_texts TEXTS = {
        .dialect = "sqlite", .migrations = MIGRATIONS, .rules = MIGRATIONS + 1, .statements = STATEMENTS};

static char folder[64], path[80];
static struct err err;

static void set_up(void)
{
	snprintf(folder, sizeof(folder), "/tmp/selfless-sqlite-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/db", folder);
}

static void tear_down(void)
{
	static const char *const tails[] = {"", "-wal", "-shm", "-turn"};
	char name[100];

	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", path, tails[i]);
		unlink(name);
	}
	ck_assert_int_eq(rmdir(folder), 0);
}

static struct store *open_store(void)
{
	const struct store_texts *const all[] = {&TEXTS, NULL};
	char *url = store_url_of_file(path);
	const struct store_options options = {.url = url, .texts = all, .patience_ms = 5000};
	struct store *store = NULL;
	bool good = store_open(&options, &store, &err);

	free(url);
	return good ? store : NULL;
}

static int64_t ask(struct store *store, const char *sql)
{
	struct store_statement *statement;

	ck_assert_msg(sqlite_prepare(store, sql, &statement, &err), "%s", err.message);
	ck_assert_int_eq(store_step(statement, &err), STORE_ROW);
	int64_t answer = store_column_int(statement, 0);
	store_reset(statement);
	return answer;
}

START_TEST(settings)
{
	struct store *store = open_store();

	ck_assert_msg(store != NULL, "%s", err.message);
	ck_assert_int_eq(ask(store, "PRAGMA user_version"), 1);
	ck_assert_int_eq(ask(store, "PRAGMA synchronous"), 2);
	ck_assert_int_eq(ask(store, "PRAGMA foreign_keys"), 1);
	ck_assert_int_eq(ask(store, "SELECT (SELECT * FROM pragma_journal_mode) = 'wal'"), 1);
	store_close(store);
}
END_TEST

START_TEST(text_with_a_nul)
{
	struct store_statement *add, *get;
	enum store_change change;
	size_t len;
	struct store *store = open_store();

	ck_assert(store_prepare(store, 0, &add, &err) && store_prepare(store, 1, &get, &err));
	store_bind_text(add, 1, "a\0b", 3);
	ck_assert(store_change(add, &change, &err));
	ck_assert_int_eq(store_step(get, &err), STORE_ROW);
	ck_assert_mem_eq(store_column_text(get, 0, &len), "a\0b", 3);
	ck_assert_uint_eq(len, 3);
	store_close(store);
}
END_TEST

START_TEST(a_text_that_does_not_fit_the_schema)
{
	struct store_statement *statement;
	struct store *store = open_store();

	ck_assert(!store_prepare(store, 2, &statement, &err));
	ck_assert_ptr_null(statement);
	ck_assert_ptr_nonnull(strstr(err.message, "no such column"));
	ck_assert_ptr_nonnull(strstr(err.message, path));
	store_close(store);
}
END_TEST

START_TEST(no_database_is_refused)
{
	FILE *file = fopen(path, "w");

	for (int i = 0; i < 1000; i++)
		fputs("this is no database\n", file);
	fclose(file);
	ck_assert_ptr_null(open_store());
	ck_assert_int_eq(err.code & 0xff, SQLITE_NOTADB);
	ck_assert_int_eq(sqlite_failure(err.code), STORE_BROKEN);
}
END_TEST

/* A tool that takes no turns. */
START_TEST(a_foreign_lock_is_waited_for)
{
	struct store *store = open_store();
	sqlite3 *tool;

	int64_t began_us = clock_us();
	sqlite_of(store)->patience_ms = 100;
	ck_assert_int_eq(sqlite3_open(path, &tool), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(tool, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	ck_assert(!store_begin(store, &err));
	ck_assert_int_eq(store_failure(store, &err), STORE_BUSY);
	ck_assert_int_ge(clock_us() - began_us, 90000);
	ck_assert_int_lt(clock_us() - began_us, 2000000);
	sqlite3_close(tool);
	ck_assert(store_begin(store, &err));
	store_undo(store);
	store_close(store);
}
END_TEST

UNIT_MAIN_WITH("sqlite", set_up, tear_down, settings, text_with_a_nul, a_text_that_does_not_fit_the_schema,
               no_database_is_refused, a_foreign_lock_is_waited_for)
