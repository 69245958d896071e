/* jobs: group commit: begin, the one statement of every waiting job, settle, commit, then the answers.
 *
 * Invariant: JOB_OK is reported only after the commit that holds the job has returned. After any failure of the store the
 * transaction is undone whole. No job needs a way back of its own: a statement that is refused has changed nothing.
 */
#include "services/jobs.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define WRITE_BATCH 256
#define WRITE_BATCH_BYTES (4 << 20) /* a transaction's, so that the write-ahead log and others' waiting stay short */
#define READ_BATCH 16               /* all of it is answered when the last is done */
#define WRITE_TRIES 5               /* of a transaction that the store asks for again */
#define CROWDED_OUT (-1)            /* no code of a store's */
#define TELL_AGAIN_MS 10000

/* What a thread has told of its store's failures, and how many more there were since then. */
struct told {
	struct err last;
	int64_t at_ms; /* 0: never */
	unsigned long long untold;
};

struct jobs {
	struct jobs_options options;
	struct tasks *writer, *reader;
	struct told write_told, read_told;                  /* each its own thread's */
	const struct store_stamps *stamps;                  /* of the store that is read */
	_Atomic int64_t waiting_since_ms, working_since_ms; /* 0: not */
	_Atomic bool begun;
};

enum job_result job_change(struct job *job, struct store_statement *statement, const struct job_refusal *refusal)
{
	job->refusal = refusal;
	return store_change(statement, &job->change, &job->err) ? JOB_OK : JOB_UNAVAILABLE;
}

enum job_result job_settled(struct job *job)
{
	assert(job->change != STORE_PENDING);
	if (job->result != JOB_OK || job->change == STORE_CHANGED)
		return job->result;
	err_set(&job->err, "%s", job->change == STORE_TAKEN ? job->refusal->taken : job->refusal->unchanged);
	return JOB_REFUSED;
}

static bool begin(struct jobs *jobs, struct err *err)
{
	atomic_store(&jobs->waiting_since_ms, clock_ms());
	bool good = store_begin(jobs->options.write_store, err);
	atomic_store(&jobs->begun, good);
	atomic_store(&jobs->waiting_since_ms, 0);
	return good;
}

static bool send_all(struct jobs *jobs, struct task *first, struct err *err)
{
	for (struct task *task = first; task != NULL; task = task->next) {
		struct job *job = (struct job *)task;
		job->change = STORE_CHANGED;
		job->result = job->work(job, jobs->options.write_tables);
		if (job->result == JOB_UNAVAILABLE) {
			*err = job->err;
			return false;
		}
	}
	return true;
}

static void settle_all(struct task *first)
{
	for (struct task *task = first; task != NULL; task = task->next) {
		struct job *job = (struct job *)task;
		job->result = job_settled(job);
	}
}

/* Jobs that have come while the writer waited for its turn join this transaction, instead of making one of their own. */
static bool write_all(struct jobs *jobs, struct task *first, struct err *err)
{
	struct store *store = jobs->options.write_store;

	if (!begin(jobs, err))
		return false;
	tasks_take_more(jobs->writer, first);
	atomic_store(&jobs->working_since_ms, clock_ms());
	if (!send_all(jobs, first, err) || !store_settle(store, err))
		return false;
	settle_all(first);
	return store_commit(store, err);
}

/* Each request fails while a store is away or a disk is full: the same is told now and then. */
static void tell(struct told *told, const char *event, const struct err *err)
{
	int64_t now_ms = clock_ms();

	told->untold++;
	if (told->at_ms != 0 && now_ms - told->at_ms < TELL_AGAIN_MS && strcmp(told->last.message, err->message) == 0)
		return;
	log_error("event=%s code=%d times=%llu error=%s", event, err->code, told->untold, log_quote(err->message));
	*told = (struct told){.last = *err, .at_ms = now_ms};
}

static void fail_all(struct task *first, enum store_failure failure, const struct err *err)
{
	for (struct task *task = first; task != NULL; task = task->next) {
		struct job *job = (struct job *)task;
		job->result = JOB_UNAVAILABLE;
		job->failure = failure;
		job->err = *err;
	}
}

static void on_write(struct task *first, void *worker)
{
	struct jobs *jobs = worker;
	enum store_failure failure = STORE_AGAIN;
	struct err err = {.code = 0};

	for (int tries = 0; failure == STORE_AGAIN && !write_all(jobs, first, &err); tries++) {
		failure = store_failure(jobs->options.write_store, &err);
		store_undo(jobs->options.write_store);
		if (failure == STORE_AGAIN && tries == WRITE_TRIES - 1)
			failure = STORE_BUSY;
		if (failure == STORE_AGAIN)
			continue;
		tell(&jobs->write_told, "store-write-failed", &err);
		fail_all(first, failure, &err);
	}
	atomic_store(&jobs->working_since_ms, 0);
}

/* No stamp comes twice: where it is the same before and after the work, the store did not change in between. */
static void read_one(struct jobs *jobs, struct job *job)
{
	struct store_stamp after;

	store_stamp_read(jobs->stamps, &job->as_of);
	job->result = job->work(job, jobs->options.read_tables);
	store_stamp_read(jobs->stamps, &after);
	if (!store_stamp_same(&job->as_of, &after))
		memset(&job->as_of, 0, sizeof(job->as_of));
}

/* Runs several jobs before their owners hear of the first, as waking the loop costs more than a small read. */
static void on_read(struct task *first, void *worker)
{
	struct jobs *jobs = worker;

	for (struct task *task = first; task != NULL; task = task->next) {
		struct job *job = (struct job *)task;
		read_one(jobs, job);
		if (job->result == JOB_UNAVAILABLE)
			tell(&jobs->read_told, "store-read-failed", &job->err);
	}
}

static void on_job_done(struct task *task)
{
	struct job *job = (struct job *)task;

	job->done(job);
}

struct jobs *jobs_new(const struct jobs_options *options)
{
	struct jobs *j = mem_zero(sizeof(*j));

	j->options = *options;
	j->stamps = store_stamps(options->read_store);
	j->begun = store_is_there(options->write_store);
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
	return j;
}

static void jobs_add(struct tasks *tasks, struct job *job)
{
	job->task.done = on_job_done;
	if (tasks_add(tasks, &job->task))
		return;
	job->result = JOB_UNAVAILABLE;
	job->failure = STORE_BROKEN;
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
	                                  .working_ms = age_ms(&jobs->working_since_ms),
	                                  .begun = atomic_load(&jobs->begun)};
}

bool job_was_busy(const struct job *job)
{
	return job->result == JOB_UNAVAILABLE && job->failure == STORE_BUSY;
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
