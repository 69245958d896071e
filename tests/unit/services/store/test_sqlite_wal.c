/* sqlite_wal: the log stays short under writers that never pause, and gets short again after somebody held it long. */
#include "common/clock.h"
#include "services/store/sqlite_inside.h"
#include "tests/unit/unit.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define WRITERS 5
#define READERS 3
#define PAGES 200
#define PAGE_BYTES (4096 + 24)
#define ROW_BYTES 20000

enum { ADD, LAST, ALL };

static const char *const MIGRATIONS[] = {"CREATE TABLE t (n INTEGER PRIMARY KEY, b TEXT);", NULL};
static const char *const STATEMENTS[] = {
        [ADD] = "INSERT INTO t (b) VALUES (?1)",
        [LAST] = "SELECT sum(length(b)) FROM (SELECT b FROM t ORDER BY n DESC LIMIT 300)",
        [ALL] = "SELECT n FROM t",
};
static const struct store_texts TEXTS = {
        .dialect = "sqlite", .migrations = MIGRATIONS, .rules = MIGRATIONS + 1, .statements = STATEMENTS};

static char folder[64], url[96], log_path[96];
static struct err err;

static void set_up(void)
{
	snprintf(folder, sizeof(folder), "/tmp/test_wal.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(url, sizeof(url), "sqlite:%s/db", folder);
	snprintf(log_path, sizeof(log_path), "%s/db-wal", folder);
}

static void tear_down(void)
{
	static const char *const tails[] = {"", "-wal", "-shm", "-turn"};
	char name[100];

	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		snprintf(name, sizeof(name), "%s/db%s", folder, tails[i]);
		unlink(name);
	}
	ck_assert_int_eq(rmdir(folder), 0);
}

static struct store *open_store(bool read_only)
{
	const struct store_texts *const all[] = {&TEXTS, NULL};
	const struct store_options options = {.url = url, .texts = all, .patience_ms = 20000, .read_only = read_only};
	struct store *store;

	ck_assert_msg(store_open(&options, &store, &err), "%s", err.message);
	ck_assert(read_only || sqlite_wal_open(sqlite_of(store), PAGES, &err));
	return store;
}

static void write_rows(struct store *store, struct store_statement *add, int count)
{
	static char row[ROW_BYTES];
	enum store_change change;

	memset(row, 'x', sizeof(row));
	for (int i = 0; i < count; i++) {
		ck_assert_msg(store_begin(store, &err), "%s", err.message);
		store_bind_text(add, 1, row, sizeof(row));
		ck_assert(store_change(add, &change, &err));
		ck_assert_msg(store_commit(store, &err), "%s", err.message);
	}
}

static void writer(int64_t until_us)
{
	struct store *store = open_store(false);
	struct store_statement *add;

	ck_assert(store_prepare(store, ADD, &add, &err));
	while (clock_us() < until_us)
		write_rows(store, add, 1);
	store_close(store);
	_exit(0);
}

/* Reads that follow each other with no gap: one of them is always under way. */
static void reader(int64_t until_us)
{
	struct store *store = open_store(true);
	struct store_statement *last;

	ck_assert(store_prepare(store, LAST, &last, &err));
	while (clock_us() < until_us) {
		ck_assert_int_eq(store_step(last, &err), STORE_ROW);
		store_reset(last);
	}
	store_close(store);
	_exit(0);
}

static off_t log_bytes(void)
{
	struct stat st;

	return stat(log_path, &st) == 0 ? st.st_size : 0;
}

START_TEST(short_under_a_load_that_never_ends)
{
	int64_t until_us = clock_us() + 4000000;
	pid_t pids[WRITERS + READERS];
	off_t longest = 0;

	set_up();
	struct store *store = open_store(false);
	for (int i = 0; i < WRITERS + READERS; i++) {
		pids[i] = fork();
		if (pids[i] == 0 && i < WRITERS)
			writer(until_us);
		else if (pids[i] == 0)
			reader(until_us);
	}
	for (int i = 0; i < WRITERS + READERS;) {
		int status;
		pid_t done = waitpid(pids[i], &status, WNOHANG);
		longest = log_bytes() > longest ? log_bytes() : longest;
		if (done == 0)
			continue;
		ck_assert_int_eq(status, 0);
		i++;
	}
	ck_assert_int_gt(longest, PAGES * PAGE_BYTES);
	ck_assert_msg(longest < 8 * PAGES * PAGE_BYTES, "the log got to %lld pages", (long long)longest / PAGE_BYTES);
	store_close(store);
	tear_down();
}
END_TEST

START_TEST(short_again_after_a_long_read)
{
	struct store_statement *add, *held;

	set_up();
	struct store *store = open_store(false), *reading = open_store(true);
	ck_assert(store_prepare(store, ADD, &add, &err));
	write_rows(store, add, 2);
	ck_assert(store_prepare(reading, ALL, &held, &err));
	ck_assert_int_eq(store_step(held, &err), STORE_ROW);
	write_rows(store, add, 1000);
	ck_assert_int_gt(log_bytes(), 5000 * PAGE_BYTES);
	store_reset(held);
	write_rows(store, add, 50);
	ck_assert_int_le(log_bytes(), 16 << 20); /* started over, and cut */
	store_close(reading);
	store_close(store);
	tear_down();
}
END_TEST

UNIT_MAIN("sqlite_wal", short_under_a_load_that_never_ends, short_again_after_a_long_read)
