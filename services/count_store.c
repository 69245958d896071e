/* count_store: what is counted waits in memory until a job takes it along; a job that fails puts it back. */
#include "services/count_store.h"

#include "common/clock.h"
#include "common/mem.h"
#include "services/jobs.h"
#include "services/private_sql.h"

#include <event2/event.h>
#include <stdlib.h>

#define FLUSH_US 1000000

struct count_store {
	struct store_statement *add, *zero, *sum;
	struct jobs *jobs;
	struct event *timer;
	int64_t waiting; /* counted, and not yet with a job */
};

/* Adds, then sums if somebody asks; or sets to 0. */
struct count_job {
	struct job job;
	struct count_store *count;
	int64_t added, number;
	count_store_done *done; /* NULL: nobody asks */
	void *owner;
};

bool count_store_is_for(const struct store *store)
{
	return store_says(store, PRIVATE_COUNT);
}

bool count_store_open(struct store *write_store, struct store *read_store, struct count_store **count, struct err *err)
{
	struct count_store *made = mem_zero(sizeof(*made));

	if (store_prepare(write_store, PRIVATE_COUNT_ADD, &made->add, err) &&
	    store_prepare(write_store, PRIVATE_COUNT_ZERO, &made->zero, err) &&
	    store_prepare(read_store, PRIVATE_COUNT, &made->sum, err)) {
		*count = made;
		return true;
	}
	free(made);
	return false;
}

void count_store_add(struct count_store *count)
{
	count->waiting++;
}

/* --- on the storage threads ------------------------------------------------------------------------------------ */

static const struct job_refusal REFUSAL = {.taken = "the count refuses", .unchanged = "the count has no zero point"};

static enum job_result work_add(struct job *job, void *tables)
{
	struct count_job *c = (struct count_job *)job;

	(void)tables;
	store_bind_int(c->count->add, 1, c->added);
	return job_change(job, c->count->add, &REFUSAL);
}

static enum job_result work_zero(struct job *job, void *tables)
{
	(void)tables;
	return job_change(job, ((struct count_job *)job)->count->zero, &REFUSAL);
}

static enum job_result work_sum(struct job *job, void *tables)
{
	struct count_job *c = (struct count_job *)job;
	enum store_step step = store_step(c->count->sum, &job->err);

	(void)tables;
	if (step == STORE_ROW)
		c->number = store_column_int(c->count->sum, 0);
	store_reset(c->count->sum);
	return step == STORE_ROW ? JOB_OK : JOB_UNAVAILABLE;
}

/* --- on the loop ----------------------------------------------------------------------------------------------- */

static void on_end(struct job *job)
{
	struct count_job *c = (struct count_job *)job;

	if (c->done != NULL)
		c->done(c->owner, job->result == JOB_OK, c->number);
	free(c);
}

static void on_added(struct job *job)
{
	struct count_job *c = (struct count_job *)job;
	struct jobs *jobs = c->count->jobs;

	if (job->result != JOB_OK)
		c->count->waiting += c->added;
	if (job->result != JOB_OK || c->done == NULL) {
		on_end(job);
		return;
	}
	*job = (struct job){.work = work_sum, .done = on_end};
	jobs_read(jobs, job);
}

static struct count_job *job_new(struct count_store *count, count_store_done *done, void *owner)
{
	struct count_job *c = mem_zero(sizeof(*c));

	c->count = count;
	c->done = done;
	c->owner = owner;
	return c;
}

void count_store_read(struct count_store *count, count_store_done *done, void *owner)
{
	struct count_job *c = job_new(count, done, owner);

	c->added = count->waiting;
	count->waiting = 0;
	c->job = (struct job){.work = work_add, .done = on_added};
	jobs_write(count->jobs, &c->job);
}

void count_store_flush(struct count_store *count)
{
	if (count->waiting > 0)
		count_store_read(count, NULL, NULL);
}

/* What waits goes first: it counts no more either. */
void count_store_reset(struct count_store *count, count_store_done *done, void *owner)
{
	struct count_job *c = job_new(count, done, owner);

	count_store_flush(count);
	c->job = (struct job){.work = work_zero, .done = on_end};
	jobs_write(count->jobs, &c->job);
}

static void on_timer(evutil_socket_t fd, short events, void *arg)
{
	(void)fd;
	(void)events;
	count_store_flush(arg);
}

void count_store_start(struct count_store *count, struct event_base *base, struct jobs *jobs)
{
	struct timeval every = clock_timeval(FLUSH_US);

	count->jobs = jobs;
	count->timer = event_new(base, -1, EV_PERSIST, on_timer, count);
	event_add(count->timer, &every);
}

void count_store_close(struct count_store *count)
{
	if (count == NULL)
		return;
	if (count->timer != NULL)
		event_free(count->timer);
	free(count);
}
