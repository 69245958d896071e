/* store: migrations run once whoever comes first, statements do what they say, and failures have names. */
#include "common/mem.h"
#include "services/store/store.h"
#include "tests/unit/unit.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const two[] = {
        "CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT UNIQUE, picture BLOB); INSERT INTO t VALUES(1, 'one', x'');",
        "ALTER TABLE t ADD COLUMN n INTEGER NOT NULL DEFAULT 7;",
        NULL,
};
static const char *const broken[] = {
        "CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT UNIQUE, picture BLOB); INSERT INTO t VALUES(1, 'one', x'');",
        "CREATE TABLE half(x); SELECT nonsense FROM nowhere;",
        NULL,
};

static char folder[64], path[80];
static struct err err;

static void setup(void)
{
	snprintf(folder, sizeof(folder), "/tmp/selfless-store-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/db", folder);
}

static void teardown(void)
{
	static const char *const tails[] = {"", "-wal", "-shm", "-turn"};
	char name[100];

	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", path, tails[i]);
		unlink(name);
	}
	ck_assert_int_eq(rmdir(folder), 0);
}

static struct store *open_store(const char *const *migrations)
{
	struct store_options options = {.path = path, .migrations = migrations, .busy_timeout_ms = 5000};
	struct store *store;

	return store_open(&options, &store, &err) ? store : NULL;
}

static int64_t ask(struct store *store, const char *sql)
{
	struct store_statement *statement;

	ck_assert(store_prepare(store, sql, &statement, &err));
	ck_assert_int_eq(store_step(statement, &err), STORE_ROW);
	int64_t answer = store_column_int(statement, 0);
	store_reset(statement);
	return answer;
}

START_TEST(test_migrates_once)
{
	setup();
	for (int i = 0; i < 3; i++) {
		struct store *store = open_store(two);
		ck_assert_msg(store != NULL, "%s", err.message);
		ck_assert_int_eq(ask(store, "SELECT count(*) FROM t"), 1);
		ck_assert_int_eq(ask(store, "SELECT n FROM t"), 7);
		ck_assert_int_eq(ask(store, "PRAGMA user_version"), 2);
		ck_assert_int_eq(ask(store, "PRAGMA synchronous"), 2);
		ck_assert_int_eq(ask(store, "PRAGMA foreign_keys"), 1);
		ck_assert_int_eq(ask(store, "SELECT (SELECT * FROM pragma_journal_mode) = 'wal'"), 1);
		store_close(store);
	}
	teardown();
}
END_TEST

START_TEST(test_broken_migration_leaves_the_version_before)
{
	setup();
	ck_assert_ptr_null(open_store(broken));
	ck_assert_ptr_nonnull(strstr(err.message, "migration 2: "));
	struct store *store = open_store(two);
	ck_assert_msg(store != NULL, "%s", err.message);
	ck_assert_int_eq(ask(store, "SELECT count(*) FROM sqlite_schema WHERE name = 'half'"), 0);
	ck_assert_int_eq(ask(store, "PRAGMA user_version"), 2);
	store_close(store);
	teardown();
}
END_TEST

START_TEST(test_newer_schema_is_refused)
{
	static const char *const one[] = {"SELECT 1", NULL};

	setup();
	store_close(open_store(two));
	ck_assert_ptr_null(open_store(one));
	ck_assert_ptr_nonnull(strstr(err.message, "newer program"));
	teardown();
}
END_TEST

START_TEST(test_read_only)
{
	struct store_options options = {.path = path, .migrations = two, .read_only = true, .busy_timeout_ms = 1000};
	struct store *store;

	setup();
	ck_assert(!store_open(&options, &store, &err));
	ck_assert_int_eq(err.code & 0xff, SQLITE_CANTOPEN);
	ck_assert(store_code_unavailable(err.code));
	store_close(open_store(two));
	ck_assert_msg(store_open(&options, &store, &err), "%s", err.message);
	ck_assert(!store_exec(store, "DELETE FROM t", &err));
	ck_assert_int_eq(err.code & 0xff, SQLITE_READONLY);
	store_close(store);
	teardown();
}
END_TEST

START_TEST(test_statements)
{
	struct store_statement *insert, *select;
	size_t len;

	setup();
	struct store *store = open_store(two);
	ck_assert(store_prepare(store, "INSERT INTO t(id, name, picture) VALUES(?1, ?2, ?3)", &insert, &err));
	store_bind_int(insert, 1, INT64_MAX);
	store_bind_text(insert, 2, "a\0b", 3);
	store_bind_blob(insert, 3, "\0\xff", 2);
	ck_assert_int_eq(store_step(insert, &err), STORE_DONE);
	ck_assert_int_eq(store_changes(store), 1);
	store_reset(insert);
	store_bind_text(insert, 2, "one", 3);
	ck_assert_int_eq(store_step(insert, &err), STORE_CONSTRAINT);
	ck_assert_int_eq(err.code, SQLITE_CONSTRAINT_UNIQUE);
	ck_assert(!store_code_unavailable(err.code));
	store_reset(insert);
	store_bind_blob(insert, 3, NULL, 0);
	ck_assert_int_eq(store_step(insert, &err), STORE_DONE);
	store_reset(insert);
	ck_assert(
	        store_prepare(store, "SELECT id, name, picture FROM t WHERE id >= ?1 ORDER BY id DESC", &select, &err));
	store_bind_int(select, 1, 2);
	ck_assert_int_eq(store_step(select, &err), STORE_ROW);
	ck_assert_int_eq(store_column_int(select, 0), INT64_MAX);
	ck_assert_mem_eq(store_column_text(select, 1, &len), "a\0b", 3);
	ck_assert_uint_eq(len, 3);
	ck_assert_mem_eq(store_column_text(select, 2, &len), "\0\xff", 2);
	ck_assert_uint_eq(len, 2);
	store_reset(select);
	ck_assert_int_eq(store_step(select, &err), STORE_DONE); /* parameters are forgotten: id >= NULL */
	ck_assert(!store_prepare(store, "SELECT absent FROM t", &select, &err));
	ck_assert_ptr_nonnull(strstr(err.message, "no such column"));
	store_close(store);
	teardown();
}
END_TEST

START_TEST(test_transactions)
{
	setup();
	struct store *store = open_store(two), *other = open_store(two);
	ck_assert(store_begin(store, &err));
	ck_assert(store_exec(store, "UPDATE t SET n = 8", &err));
	ck_assert_int_eq(ask(other, "SELECT n FROM t"), 7);
	store_rollback(store);
	store_rollback(store);
	ck_assert_int_eq(ask(store, "SELECT n FROM t"), 7);
	ck_assert(store_begin(store, &err));
	ck_assert(store_exec(store, "UPDATE t SET n = 9", &err));
	ck_assert(store_commit(store, &err));
	ck_assert_int_eq(ask(other, "SELECT n FROM t"), 9);
	store_close(store);
	store_close(other);
	store_close(NULL);
	teardown();
}
END_TEST

START_TEST(test_busy_is_told_apart)
{
	struct store_options options = {.path = path, .migrations = two, .busy_timeout_ms = 0};
	struct store_statement *update;
	struct store *impatient;

	setup();
	struct store *store = open_store(two);
	ck_assert(store_open(&options, &impatient, &err));
	ck_assert(store_prepare(impatient, "UPDATE t SET n = 1", &update, &err));
	ck_assert(store_begin(store, &err));
	ck_assert_int_eq(store_step(update, &err), STORE_BUSY);
	ck_assert(store_code_unavailable(err.code));
	store_reset(update);
	ck_assert(store_commit(store, &err));
	ck_assert_int_eq(store_step(update, &err), STORE_DONE);
	store_close(impatient);
	store_close(store);
	teardown();
}
END_TEST

START_TEST(test_no_database_is_refused)
{
	setup();
	FILE *file = fopen(path, "w");
	for (int i = 0; i < 1000; i++)
		fputs("this is no database\n", file);
	fclose(file);
	ck_assert_ptr_null(open_store(two));
	ck_assert_int_eq(err.code & 0xff, SQLITE_NOTADB);
	ck_assert(store_code_unavailable(err.code));
	teardown();
}
END_TEST

/* Twenty rounds of eight processes that all want to make the same file. */
START_TEST(test_many_processes_open_a_fresh_file)
{
	for (int round = 0; round < 20; round++) {
		pid_t pids[8];
		int go[2];
		setup();
		ck_assert_int_eq(pipe(go), 0);
		for (int i = 0; i < 8; i++) {
			pids[i] = fork();
			if (pids[i] != 0)
				continue;
			char byte;
			close(go[1]);
			if (read(go[0], &byte, 1) != 0)
				_exit(2);
			struct store *store = open_store(two);
			if (store == NULL)
				fprintf(stderr, "%s\n", err.message);
			else if (ask(store, "SELECT count(*) FROM t") != 1)
				_exit(3);
			store_close(store);
			_exit(store == NULL);
		}
		close(go[0]);
		close(go[1]);
		for (int i = 0; i < 8; i++) {
			int status;
			ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
			ck_assert_int_eq(status, 0);
		}
		teardown();
	}
}
END_TEST

UNIT_MAIN("store", test_migrates_once, test_broken_migration_leaves_the_version_before, test_newer_schema_is_refused,
          test_read_only, test_statements, test_transactions, test_busy_is_told_apart, test_no_database_is_refused,
          test_many_processes_open_a_fresh_file)
