/* jobs: work on the store, off the loop.
 *
 * Writes go to one thread with one connection. Those that arrive while a commit is being synced form the next
 * transaction: one sync for all of them, and each is answered only once it is durable. A job that refuses (a
 * constraint, no such row) is undone alone; a store that fails takes the whole transaction back, and every job in it
 * gets JOB_UNAVAILABLE. Reads go to another thread with another connection, so that they never wait for a writer.
 * Only the threads wait: for the disk, and for another process's lock up to the store's busy timeout.
 */
#pragma once

#include "common/err.h"
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
	enum job_result (*work)(struct job *job,
	                        void *tables); /* on the storage thread; sets err where it is UNAVAILABLE */
	void (*done)(struct job *job);         /* on the loop */
	enum job_result result;
	struct err err;
	struct store_stamp as_of; /* of a read: what it read is the store of this stamp; not known: of none */
};

/* What a step that was no row and not the end means: a constraint refuses, anything else is the store's failure. */
enum job_result job_result_of(enum store_step step);

struct jobs_options {
	struct event_base *base;
	struct store *write_store, *read_store; /* borrowed, one thread each */
	void *write_tables, *read_tables;       /* handed to work: the prepared statements of that store */
	size_t limit;                           /* most jobs waiting, each */
};

struct jobs;

bool jobs_new(const struct jobs_options *options, struct jobs **jobs, struct err *err) MUST_CHECK;

/* The two that queue: when the queue is full, done is called with JOB_UNAVAILABLE before they return. */
void jobs_write(struct jobs *jobs, struct job *job);
void jobs_read(struct jobs *jobs, struct job *job);

/* What the writer does just now: since when it waits for another process's lock, since when it works on a transaction;
 * both 0: it is idle. Milliseconds of clock_ms. */
struct jobs_writer_state {
	int64_t waiting_ms, working_ms;
};
struct jobs_writer_state jobs_writer_state(const struct jobs *jobs);

/* Is this job's failure only that another process holds the lock? */
bool job_was_busy(const struct job *job);

/* Is it that the queue was full? */
bool job_was_crowded_out(const struct job *job);

/* Finishes what is queued. NULL is fine. */
void jobs_free(struct jobs *jobs);
