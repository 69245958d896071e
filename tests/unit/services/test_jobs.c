/* Group commit: who is refused is undone alone, who is accepted is there, a failing store fails all of a transaction. */
#include "services/jobs.h"

#include "tests/unit/unit.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const MIGRATIONS[] = {"CREATE TABLE t (n INTEGER PRIMARY KEY);", NULL};

struct insert {
	struct job job;
	int64_t n;
	bool fails;
};

static char folder[] = "/tmp/test_jobs.XXXXXX";
static char path[64];
static struct event_base *base;
static struct store *write_store, *read_store;
static struct store_statement *add, *count;
static struct jobs *jobs;
static int done_count, stop_at;

static void open_store(struct store **store, bool read_only)
{
	struct store_options options = {
	        .path = path, .migrations = MIGRATIONS, .busy_timeout_ms = 200, .read_only = read_only};
	struct err err;

	ck_assert_msg(store_open(&options, store, &err), "%s", err.message);
}

static void set_up(void)
{
	struct err err;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/t.db", folder);
	open_store(&write_store, false);
	open_store(&read_store, true);
	ck_assert(store_prepare(write_store, "INSERT INTO t VALUES (?1)", &add, &err));
	ck_assert(store_prepare(read_store, "SELECT count(*) FROM t", &count, &err));
	base = event_base_new();
	struct jobs_options options = {
	        .base = base, .write_store = write_store, .read_store = read_store, .limit = 100};
	ck_assert(jobs_new(&options, &jobs, &err));
	done_count = 0;
}

static void tear_down(void)
{
	char command[128];

	jobs_free(jobs);
	store_close(read_store);
	store_close(write_store);
	event_base_free(base);
	snprintf(command, sizeof(command), "%s/t.db", folder);
	unlink(command);
	snprintf(command, sizeof(command), "%s/t.db-turn", folder);
	unlink(command);
	rmdir(folder);
}

/* A row that stays only if the job is not refused: inserts n and, first, n + 1000. */
static enum job_result insert_two(struct job *job, void *tables)
{
	struct insert *insert = (struct insert *)job;

	(void)tables;
	if (insert->fails) {
		err_set(&job->err, "on purpose");
		return JOB_UNAVAILABLE;
	}
	for (int64_t n = insert->n + 1000; n >= insert->n; n -= 1000) {
		store_bind_int(add, 1, n);
		enum store_step step = store_step(add, &job->err);
		store_reset(add);
		if (step != STORE_DONE)
			return job_result_of(step);
	}
	return JOB_OK;
}

static void on_done(struct job *job)
{
	(void)job;
	if (++done_count == stop_at)
		event_base_loopbreak(base);
}

static int64_t rows(void)
{
	struct err err;

	ck_assert_int_eq(store_step(count, &err), STORE_ROW);
	int64_t n = store_column_int(count, 0);
	store_reset(count);
	return n;
}

static void write_all(struct insert *inserts, int n)
{
	stop_at = done_count + n;
	for (int i = 0; i < n; i++) {
		inserts[i].job.work = insert_two;
		inserts[i].job.done = on_done;
		jobs_write(jobs, &inserts[i].job);
	}
	if (done_count < stop_at)
		event_base_dispatch(base);
}

START_TEST(refused_ones_are_undone_alone)
{
	struct insert inserts[] = {{.n = 1}, {.n = 2}, {.n = 1}, {.n = 3}, {.n = 2}, {.n = -998}};

	set_up();
	write_all(inserts, 6);
	for (int i = 0; i < 6; i++)
		ck_assert_int_eq(inserts[i].job.result, i == 2 || i >= 4 ? JOB_REFUSED : JOB_OK);
	ck_assert_int_eq(rows(), 6);
	tear_down();
}
END_TEST

START_TEST(half_done_is_undone)
{
	struct insert first = {.n = 1}, second = {.n = -999 + 2000}; /* 2001 goes in, then 1001 is there already */

	set_up();
	write_all(&first, 1);
	write_all(&second, 1);
	ck_assert_int_eq(second.job.result, JOB_REFUSED);
	ck_assert_int_eq(rows(), 2);
	tear_down();
}
END_TEST

START_TEST(a_failing_store_takes_the_transaction_back)
{
	struct insert failing = {.fails = true}, good = {.n = 5};

	set_up();
	write_all(&failing, 1);
	ck_assert_int_eq(failing.job.result, JOB_UNAVAILABLE);
	ck_assert_str_eq(failing.job.err.message, "on purpose");
	ck_assert_int_eq(rows(), 0);
	write_all(&good, 1);
	ck_assert_int_eq(good.job.result, JOB_OK);
	ck_assert_int_eq(rows(), 2);
	tear_down();
}
END_TEST

START_TEST(accepted_means_it_is_committed)
{
	struct insert inserts[90];

	set_up();
	memset(inserts, 0, sizeof(inserts));
	for (int i = 0; i < 90; i++)
		inserts[i].n = i;
	write_all(inserts, 90);
	ck_assert_int_eq(rows(), 180); /* seen by another connection */
	tear_down();
}
END_TEST

START_TEST(another_lock_is_busy_not_broken)
{
	struct insert waiting = {.n = 1};
	struct store *other;
	struct err err;

	set_up();
	open_store(&other, false);
	ck_assert(store_begin(other, &err));
	write_all(&waiting, 1);
	ck_assert_int_eq(waiting.job.result, JOB_UNAVAILABLE);
	ck_assert(job_was_busy(&waiting.job) && !job_was_crowded_out(&waiting.job));
	store_rollback(other);
	store_close(other);
	tear_down();
}
END_TEST

START_TEST(the_queue_is_bounded)
{
	static struct insert inserts[400];
	struct store *other;
	struct err err;
	int crowded = 0;

	set_up();
	open_store(&other, false);
	ck_assert(store_begin(other, &err)); /* nothing moves */
	for (int i = 0; i < 400; i++)
		inserts[i].n = i;
	write_all(inserts, 400);
	for (int i = 0; i < 400; i++)
		crowded += job_was_crowded_out(&inserts[i].job);
	ck_assert_int_ge(crowded, 400 - 100 - 256);
	store_rollback(other);
	store_close(other);
	tear_down();
}
END_TEST

UNIT_MAIN("jobs", refused_ones_are_undone_alone, half_done_is_undone, a_failing_store_takes_the_transaction_back,
          accepted_means_it_is_committed, another_lock_is_busy_not_broken, the_queue_is_bounded)
