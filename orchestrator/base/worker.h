/* worker: one thread, for what would keep the loop waiting: files that are to be on the disk, say. One job after the other.
 *
 * The thread begins with the first job.
 */
#pragma once

#include "common/err.h"

#include <stdbool.h>
#include <sys/queue.h>

struct event_base;
struct worker;

/* Embedded in what it is for, which nobody touches until it is done. */
struct worker_job {
	void (*work)(struct worker_job *job); /* on the thread; touches the job alone, and must not use log_quote */
	void (*done)(
	        struct worker_job *job); /* on the loop, never before worker_do has returned; frees it as it likes */
	STAILQ_ENTRY(worker_job) link;
};

struct worker *worker_new(struct event_base *base);

/* The jobs that were given are still done, each with its call of done. False: that takes longer than 2 s (a disk that does not
 * answer); they and their thread are left to the end of the process, and so must be whatever they touch. NULL is fine. */
bool worker_free(struct worker *worker) MUST_CHECK;

/* The job is the worker's until done is called. Where no thread can be had it waits until one can. */
void worker_do(struct worker *worker, struct worker_job *job);
