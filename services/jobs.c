/* Group commit: BEGIN IMMEDIATE, every waiting job inside a savepoint, COMMIT, then the answers.
 *
 * Invariant: JOB_OK is reported only after the COMMIT that holds the job has returned. After any failure of the store
 * the transaction is rolled back whole: SQLite may have ended it by itself, and a savepoint opened then would commit on
 * its own.
 */
#include "services/jobs.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define WRITE_BATCH 256
#define WRITE_BATCH_BYTES (4 << 20) /* a transaction's, so that the write-ahead log and others' waiting stay short */
#define READ_BATCH 16               /* all of it is answered when the last is done */
#define CROWDED_OUT (-1)            /* no code of SQLite's */

struct jobs {
	struct jobs_options options;
	struct tasks *writer, *reader;
	struct store_statement *savepoint, *release, *undo;
	const void *stamps;                                 /* of the store that is read */
	_Atomic int64_t waiting_since_ms, working_since_ms; /* 0: not */
};

enum job_result job_result_of(enum store_step step)
{
	return step == STORE_CONSTRAINT ? JOB_REFUSED : JOB_UNAVAILABLE;
}

static bool run_plain(struct store_statement *statement, struct err *err)
{
	enum store_step step = store_step(statement, err);

	store_reset(statement);
	return step == STORE_DONE;
}

static enum job_result write_one(struct jobs *jobs, struct job *job)
{
	if (!run_plain(jobs->savepoint, &job->err))
		return JOB_UNAVAILABLE;
	enum job_result result = job->work(job, jobs->options.write_tables);
	if (result == JOB_UNAVAILABLE)
		return result;
	if (result == JOB_REFUSED && !run_plain(jobs->undo, &job->err))
		return JOB_UNAVAILABLE;
	return run_plain(jobs->release, &job->err) ? result : JOB_UNAVAILABLE;
}

static bool begin(struct jobs *jobs, struct err *err)
{
	atomic_store(&jobs->waiting_since_ms, clock_ms());
	bool good = store_begin(jobs->options.write_store, err);
	atomic_store(&jobs->waiting_since_ms, 0);
	return good;
}

/* While it waited for its turn others may have come, which would else make a transaction of their own. */
static bool write_all(struct jobs *jobs, struct task *first, struct err *err)
{
	if (!begin(jobs, err))
		return false;
	tasks_take_more(jobs->writer, first);
	atomic_store(&jobs->working_since_ms, clock_ms());
	for (struct task *task = first; task != NULL; task = task->next) {
		struct job *job = (struct job *)task;
		job->result = write_one(jobs, job);
		if (job->result == JOB_UNAVAILABLE) {
			*err = job->err;
			return false;
		}
	}
	return store_commit(jobs->options.write_store, err);
}

static void fail_all(struct task *first, const struct err *err)
{
	log_error("event=store-write-failed code=%d error=\"%s\"", err->code, err->message);
	for (struct task *task = first; task != NULL; task = task->next) {
		struct job *job = (struct job *)task;
		job->result = JOB_UNAVAILABLE;
		job->err = *err;
	}
}

static void on_write(struct task *first, void *worker)
{
	struct jobs *jobs = worker;
	struct err err = {.code = 0};

	if (!write_all(jobs, first, &err)) {
		store_rollback(jobs->options.write_store);
		fail_all(first, &err);
	}
	atomic_store(&jobs->working_since_ms, 0);
}

/* Stamps do not come back: where there is the same before and after, the store was that all the time. */
static void read_one(struct jobs *jobs, struct job *job)
{
	struct store_stamp after;

	store_stamp_read(jobs->stamps, &job->as_of);
	job->result = job->work(job, jobs->options.read_tables);
	store_stamp_read(jobs->stamps, &after);
	if (!store_stamp_same(&job->as_of, &after))
		memset(&job->as_of, 0, sizeof(job->as_of));
}

/* Several at a time, as waking the loop costs more than a small read. */
static void on_read(struct task *first, void *worker)
{
	struct jobs *jobs = worker;

	for (struct task *task = first; task != NULL; task = task->next) {
		struct job *job = (struct job *)task;
		read_one(jobs, job);
		if (job->result == JOB_UNAVAILABLE)
			log_error("event=store-read-failed code=%d error=\"%s\"", job->err.code, job->err.message);
	}
}

static void on_job_done(struct task *task)
{
	struct job *job = (struct job *)task;

	job->done(job);
}

bool jobs_new(const struct jobs_options *options, struct jobs **jobs, struct err *err)
{
	struct jobs *j = mem_zero(sizeof(*j));
	struct store *store = options->write_store;

	j->options = *options;
	if (!store_prepare(store, "SAVEPOINT job", &j->savepoint, err) ||
	    !store_prepare(store, "RELEASE job", &j->release, err) ||
	    !store_prepare(store, "ROLLBACK TO job", &j->undo, err)) {
		free(j);
		return false;
	}
	j->stamps = store_stamp_source(options->read_store);
	j->writer = tasks_new(options->base, &(struct tasks_options){.name = "store-write",
	                                                             .threads = 1,
	                                                             .limit = options->limit,
	                                                             .batch = WRITE_BATCH,
	                                                             .batch_weight = WRITE_BATCH_BYTES,
	                                                             .run = on_write,
	                                                             .worker = j});
	j->reader = tasks_new(options->base, &(struct tasks_options){.name = "store-read",
	                                                             .threads = 1,
	                                                             .limit = options->limit,
	                                                             .batch = READ_BATCH,
	                                                             .run = on_read,
	                                                             .worker = j});
	*jobs = j;
	return true;
}

static void jobs_add(struct tasks *tasks, struct job *job)
{
	job->task.done = on_job_done;
	if (tasks_add(tasks, &job->task))
		return;
	job->result = JOB_UNAVAILABLE;
	err_set_code(&job->err, CROWDED_OUT, "too many requests are waiting for the store");
	job->done(job);
}

void jobs_write(struct jobs *jobs, struct job *job)
{
	jobs_add(jobs->writer, job);
}

void jobs_read(struct jobs *jobs, struct job *job)
{
	jobs_add(jobs->reader, job);
}

static int64_t age_ms(const _Atomic int64_t *since_ms)
{
	int64_t since = atomic_load(since_ms);

	return since == 0 ? 0 : clock_ms() - since + 1;
}

struct jobs_writer_state jobs_writer_state(const struct jobs *jobs)
{
	return (struct jobs_writer_state){.waiting_ms = age_ms(&jobs->waiting_since_ms),
	                                  .working_ms = age_ms(&jobs->working_since_ms)};
}

bool job_was_busy(const struct job *job)
{
	return job->result == JOB_UNAVAILABLE && store_code_busy(job->err.code);
}

bool job_was_crowded_out(const struct job *job)
{
	return job->result == JOB_UNAVAILABLE && job->err.code == CROWDED_OUT;
}

void jobs_free(struct jobs *jobs)
{
	if (jobs == NULL)
		return;
	tasks_free(jobs->writer);
	tasks_free(jobs->reader);
	free(jobs);
}
