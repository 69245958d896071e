/* jobs: work on the store, off the loop.
 *
 * Writes go to one thread with one connection. Those that arrive while a commit is being synced form the next
 * transaction: one sync for all of them, and each is answered only once it is durable. A job that is refused (a
 * constraint, no such row) changes nothing, and the others stand. A store that fails takes the whole transaction back: all
 * its jobs are run again where the store says that this may do, else each gets JOB_UNAVAILABLE.
 *
 * Reads go to another thread with another connection, so that they never wait for a writer. Only the threads wait: for the
 * disk, and for somebody else who writes, as long as the store's patience lasts.
 */
#pragma once

#include "common/err.h"
#include "services/store/store.h"
#include "services/store/store_stamp.h"
#include "services/tasks.h"

#include <stdbool.h>
#include <stdint.h>

enum job_result {
	JOB_OK,
	JOB_REFUSED,     /* the job's own no: nothing was changed */
	JOB_UNAVAILABLE, /* the store cannot serve: nothing was changed; err says why */
};

/* Embedded as the first member of what a job is about. */
struct job {
	struct task task; /* private, but for task.weight: the bytes that a write brings, where they are many */
	/* On the storage thread; sets err where it is UNAVAILABLE. A write's ends in job_change, and may be called again. */
	enum job_result (*work)(struct job *job, void *tables);
	void (*done)(struct job *job); /* on the loop */
	enum job_result result;
	struct err err;
	enum store_change change; /* private, as the next two */
	const struct job_refusal *refusal;
	enum store_failure failure; /* where it is UNAVAILABLE */
	struct store_stamp as_of;   /* of a read: what it read is the store of this stamp; not known: of none */
};

/* What err says of a change that is refused; NULL: it cannot be refused so. */
struct job_refusal {
	const char *taken, *unchanged; /* STORE_TAKEN, STORE_UNCHANGED */
};

/* The one statement by which a write changes the store, bound. Its outcome is not known before the others of the transaction
 * are sent, too: where this says JOB_OK, the result may yet become JOB_REFUSED. */
enum job_result job_change(struct job *job, struct store_statement *statement, const struct job_refusal *refusal);

/* What a job's result is once the store has settled; sets err where it is refused. */
enum job_result job_settled(struct job *job);

struct jobs_options {
	struct event_base *base;
	struct store *write_store, *read_store; /* borrowed, one thread each */
	void *write_tables, *read_tables;       /* handed to work: the prepared statements of that store */
	size_t limit;                           /* most jobs waiting, each */
};

struct jobs;

struct jobs *jobs_new(const struct jobs_options *options);

/* The two that queue: when the queue is full, done is called with JOB_UNAVAILABLE before they return. */
void jobs_write(struct jobs *jobs, struct job *job);
void jobs_read(struct jobs *jobs, struct job *job);

/* What the writer does just now: how long it has waited in store_begin, how long it has worked on a transaction,
 * in milliseconds; both 0: it is idle. begun: the last store_begin that has ended was good, or there was a connection before any. */
struct jobs_writer_state {
	int64_t waiting_ms, working_ms;
	bool begun;
};
struct jobs_writer_state jobs_writer_state(const struct jobs *jobs);

/* Is this job's failure only that somebody else was writing all the time? */
bool job_was_busy(const struct job *job);

/* Is it that the queue was full? */
bool job_was_crowded_out(const struct job *job);

/* Finishes what is queued. NULL is fine. */
void jobs_free(struct jobs *jobs);
