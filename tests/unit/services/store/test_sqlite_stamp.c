/* sqlite_stamp: the same stamp means the same content, whoever writes; a commit that was told of has changed it. */
#include "services/store/sqlite_inside.h"
#include "tests/unit/unit.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define COMMITS 300

static const char *const MIGRATIONS[] = {"CREATE TABLE t (n INTEGER NOT NULL); INSERT INTO t VALUES (0);", NULL};
static const char *const STATEMENTS[] = {"UPDATE t SET n = n + 1", "SELECT n FROM t"};
static const struct store_texts TEXTS = {
        .dialect = "sqlite", .migrations = MIGRATIONS, .rules = MIGRATIONS + 1, .statements = STATEMENTS};

static char folder[] = "/tmp/selfless-stamp-XXXXXX", url[80];
static char *const path = url + sizeof("sqlite:") - 1;
static struct store *writer, *reader;
static struct store_statement *add, *get;
static const struct store_stamps *source;
static struct err err;

static struct store *open_one(bool read_only)
{
	const struct store_texts *const all[] = {&TEXTS, NULL};
	const struct store_options options = {.url = url, .texts = all, .patience_ms = 5000, .read_only = read_only};
	struct store *store;

	ck_assert_msg(store_open(&options, &store, &err), "%s", err.message);
	return store;
}

static void open_both(void)
{
	writer = open_one(false);
	reader = open_one(true);
	ck_assert(store_prepare(writer, 0, &add, &err));
	ck_assert(store_prepare(reader, 1, &get, &err));
	source = store_stamps(reader);
	ck_assert_ptr_nonnull(source);
}

static void close_both(void)
{
	store_close(reader);
	store_close(writer);
}

static void set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(url, sizeof(url), "sqlite:%s/db", folder);
	open_both();
}

static void tear_down(void)
{
	close_both();
	char turn[sizeof(url) + 8];
	snprintf(turn, sizeof(turn), "%s-turn", path);
	ck_assert_int_eq(unlink(turn), 0);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(rmdir(folder), 0);
}

static void commit(void)
{
	enum store_change change;

	ck_assert(store_change(add, &change, &err));
}

static int64_t value(void)
{
	ck_assert_int_eq(store_step(get, &err), STORE_ROW);
	int64_t n = store_column_int(get, 0);
	store_reset(get);
	return n;
}

static struct store_stamp stamp(void)
{
	struct store_stamp now;

	ck_assert(store_stamp_read(source, &now));
	return now;
}

START_TEST(only_a_commit_changes_it)
{
	set_up();
	struct store_stamp before = stamp();
	ck_assert_int_eq(value(), 0);
	ck_assert(store_begin(writer, &err));
	commit(); /* of the statement alone */
	store_undo(writer);
	struct store_stamp after = stamp();
	ck_assert(store_stamp_same(&before, &after));
	commit();
	after = stamp();
	ck_assert(!store_stamp_same(&before, &after));
	tear_down();
}
END_TEST

/* Also where the WAL is emptied and begun anew in between. */
START_TEST(none_comes_twice)
{
	static struct store_stamp seen[COMMITS];

	set_up();
	for (int i = 0; i < COMMITS; i++) {
		commit();
		if (i % 10 == 0)
			ck_assert(sqlite_exec(sqlite_of(writer),
			                      i % 20 == 0 ? "PRAGMA wal_checkpoint(TRUNCATE)"
			                                  : "PRAGMA wal_checkpoint(RESTART)",
			                      &err));
		seen[i] = stamp();
		for (int j = 0; j < i; j++)
			ck_assert(!store_stamp_same(&seen[i], &seen[j]));
	}
	tear_down();
}
END_TEST

/* Before the first write after a clean start nothing names the content. */
START_TEST(an_empty_wal_has_none)
{
	struct store_stamp now;

	set_up();
	close_both();
	open_both();
	ck_assert(!store_stamp_read(source, &now));
	ck_assert(!store_stamp_same(&now, &now));
	commit();
	ck_assert(store_stamp_read(source, &now));
	tear_down();
}
END_TEST

/* Another process commits as fast as it can, and says after each commit how many there were. */
static pid_t start_writing(int *told)
{
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	pid_t pid = fork();
	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		struct store *store = open_one(false);
		ck_assert(store_prepare(store, 0, &add, &err));
		for (int64_t n = 1;; n++) {
			commit();
			if (write(ends[1], &n, sizeof(n)) != sizeof(n))
				_exit(0);
		}
	}
	close(ends[1]);
	*told = ends[0];
	return pid;
}

START_TEST(what_another_process_commits_changes_it)
{
	int64_t told = 0, read_n = -1;
	struct store_stamp read_at = {.bytes = {0}};
	int fd, kept = 0;

	set_up();
	pid_t pid = start_writing(&fd);
	while (told < COMMITS) {
		struct store_stamp now, after;
		ck_assert_int_eq(read(fd, &told, sizeof(told)), sizeof(told));
		for (int i = 0; i < 10; i++) {
			if (!store_stamp_read(source, &now))
				continue;
			if (store_stamp_same(&read_at, &now)) {
				ck_assert_int_ge(read_n, told);
				kept++;
			}
			int64_t n = value();
			if (store_stamp_read(source, &after) && store_stamp_same(&now, &after)) {
				ck_assert(!store_stamp_same(&read_at, &now) || n == read_n);
				read_at = now;
				read_n = n;
			}
		}
	}
	ck_assert_int_gt(kept, 0);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	close(fd);
	tear_down();
}
END_TEST

UNIT_MAIN("sqlite_stamp", only_a_commit_changes_it, none_comes_twice, an_empty_wal_has_none,
          what_another_process_commits_changes_it)
