/* Group commit: who is refused is undone alone, who is accepted is there, a failing store fails all of a transaction, and one
 * that asks for it is given the whole transaction again.
 */
#include "services/jobs.h"

#include "services/store/store_driver.h"
#include "tests/unit/unit.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ADD_TWO, DELETE, COUNT }; /* the first adds n + 1000, and then n */

static const char *const MIGRATIONS[] = {"CREATE TABLE t (n INTEGER PRIMARY KEY);", NULL};
static const char *const STATEMENTS[] = {
        [ADD_TWO] = "INSERT INTO t VALUES (?1 + 1000), (?1)",
        [DELETE] = "DELETE FROM t WHERE n = ?1",
        [COUNT] = "SELECT count(*) FROM t",
};
static const struct store_texts TEXTS = {
        .dialect = "sqlite", .migrations = MIGRATIONS, .rules = MIGRATIONS + 1, .statements = STATEMENTS};

struct insert {
	struct job job;
	int64_t n;
	bool deletes, fails;
	int calls;
};

static char folder[] = "/tmp/test_jobs.XXXXXX";
static char url[64];
static struct event_base *base;
static struct store *write_store, *read_store;
static struct store_statement *add, *delete, *count;
static struct jobs *jobs;
static int done_count, stop_at;

static void open_store(struct store **store, bool read_only)
{
	const struct store_texts *const all[] = {&TEXTS, NULL};
	const struct store_options options = {.url = url, .texts = all, .patience_ms = 200, .read_only = read_only};
	struct err err;

	ck_assert_msg(store_open(&options, store, &err), "%s", err.message);
}

static void set_up(void)
{
	struct err err;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(url, sizeof(url), "sqlite:%s/t.db", folder);
	open_store(&write_store, false);
	open_store(&read_store, true);
	ck_assert(store_prepare(write_store, ADD_TWO, &add, &err));
	ck_assert(store_prepare(write_store, DELETE, &delete, &err));
	ck_assert(store_prepare(read_store, COUNT, &count, &err));
	base = event_base_new();
	struct jobs_options options = {
	        .base = base, .write_store = write_store, .read_store = read_store, .limit = 100};
	jobs = jobs_new(&options);
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

static const struct job_refusal REFUSAL = {.taken = "taken", .unchanged = "not there"};

static enum job_result change(struct job *job, void *tables)
{
	struct insert *insert = (struct insert *)job;
	struct store_statement *statement = insert->deletes ? delete : add;

	(void)tables;
	insert->calls++;
	if (insert->fails) {
		err_set(&job->err, "on purpose");
		return JOB_UNAVAILABLE;
	}
	store_bind_int(statement, 1, insert->n);
	return job_change(job, statement, &REFUSAL);
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
		inserts[i].job.work = change;
		inserts[i].job.done = on_done;
		jobs_write(jobs, &inserts[i].job);
	}
	if (done_count < stop_at)
		event_base_dispatch(base);
}

START_TEST(refused_ones_are_undone_alone)
{
	struct insert inserts[] = {{.n = 1}, {.n = 2}, {.n = 1}, {.n = 3}, {.n = 2}, {.n = 9, .deletes = true}};

	set_up();
	write_all(inserts, 6);
	for (int i = 0; i < 6; i++)
		ck_assert_int_eq(inserts[i].job.result, i == 2 || i >= 4 ? JOB_REFUSED : JOB_OK);
	ck_assert_str_eq(inserts[2].job.err.message, "taken");
	ck_assert_str_eq(inserts[5].job.err.message, "not there");
	ck_assert_int_eq(rows(), 6);
	tear_down();
}
END_TEST

START_TEST(half_done_is_undone)
{
	struct insert first = {.n = 1}, second = {.n = 1001}; /* 2001 goes in, then 1001 is there already */

	set_up();
	write_all(&first, 1);
	write_all(&second, 1);
	ck_assert_int_eq(second.job.result, JOB_REFUSED);
	ck_assert_int_eq(rows(), 2);
	tear_down();
}
END_TEST

/* --- a store that fails ---------------------------------------------------------------------------------------- */

static const struct store_driver *real;
static int failing_commits, failing_settles;
static enum store_failure failure;

static bool is_well(int *times, struct err *err)
{
	return (*times)-- <= 0 || err_set_code(err, 7, "as it was told");
}

static bool settle(struct store *store, struct err *err)
{
	return is_well(&failing_settles, err) && real->settle(store, err);
}

static bool commit(struct store *store, struct err *err)
{
	return is_well(&failing_commits, err) && real->commit(store, err);
}

static enum store_failure failure_of(int code)
{
	return code == 7 ? failure : real->failure(code);
}

static void fail_times(int settles, int commits, enum store_failure how)
{
	static struct store_driver faulty;

	real = write_store->driver;
	faulty = *real;
	faulty.settle = settle;
	faulty.commit = commit;
	faulty.failure = failure_of;
	write_store->driver = &faulty;
	failing_settles = settles;
	failing_commits = commits;
	failure = how;
}

START_TEST(what_the_store_wants_again_is_run_again)
{
	struct insert inserts[] = {{.n = 1}, {.n = 2}, {.n = 1}};

	set_up();
	fail_times(1, 2, STORE_AGAIN);
	write_all(inserts, 3);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(inserts[i].job.result, i < 2 ? JOB_OK : JOB_REFUSED);
		ck_assert_int_eq(inserts[i].calls, 4);
	}
	ck_assert_int_eq(rows(), 4);
	tear_down();
}
END_TEST

START_TEST(not_for_ever)
{
	struct insert first = {.n = 1}, second = {.n = 2};

	set_up();
	fail_times(0, 5, STORE_AGAIN);
	write_all(&first, 1);
	ck_assert_int_eq(first.job.result, JOB_UNAVAILABLE);
	ck_assert_int_eq(first.calls, 5);
	ck_assert(job_was_busy(&first.job));
	write_all(&second, 1);
	ck_assert_int_eq(second.job.result, JOB_OK);
	ck_assert_int_eq(rows(), 2);
	tear_down();
}
END_TEST

/* Also those that had been refused: nothing is known of a transaction that did not happen. */
START_TEST(nothing_is_accepted_without_its_commit)
{
	struct insert inserts[] = {{.n = 1}, {.n = 1}};

	set_up();
	fail_times(0, 1, STORE_BROKEN);
	write_all(inserts, 2);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(inserts[i].job.result, JOB_UNAVAILABLE);
		ck_assert_int_eq(inserts[i].calls, 1);
		ck_assert(!job_was_busy(&inserts[i].job));
		ck_assert_str_eq(inserts[i].job.err.message, "as it was told");
	}
	ck_assert_int_eq(rows(), 0);
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
	store_undo(other);
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
	store_undo(other);
	store_close(other);
	tear_down();
}
END_TEST

UNIT_MAIN("jobs", refused_ones_are_undone_alone, half_done_is_undone, what_the_store_wants_again_is_run_again,
          not_for_ever, nothing_is_accepted_without_its_commit, a_failing_store_takes_the_transaction_back,
          accepted_means_it_is_committed, another_lock_is_busy_not_broken, the_queue_is_bounded)
