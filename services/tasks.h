/* tasks: threads beside the loop, for what blocks or computes long.
 *
 * A task is added on the loop, run on one of the threads, and its done is called on the loop again, in the order in
 * which tasks were finished. The queue is bounded. A thread takes up to `batch` waiting tasks at a time and runs them
 * with one call, which is what makes group commits; fewer, where they are heavy. Owners embed struct task as the first
 * member of their own.
 */
#pragma once

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>

struct event_base;
struct tasks;

struct task {
	void (*done)(struct task *task); /* on the loop; may free the task */
	struct task *next;               /* private, but a run function walks it */
	size_t weight;                   /* bytes that it brings into its batch; 0: nothing that counts */
};

struct tasks_options {
	const char *name;                              /* of the threads, at most 15 bytes */
	unsigned threads;                              /* 1..16 */
	size_t limit;                                  /* most tasks waiting */
	size_t batch;                                  /* most tasks in one call of run */
	size_t batch_weight;                           /* none joins a batch of that weight; 0: any weight */
	void (*run)(struct task *first, void *worker); /* on a thread: the list ends with next NULL */
	void *worker;                                  /* handed to run; shared if there are several threads */
};

struct tasks *tasks_new(struct event_base *base, const struct tasks_options *options);

/* False: the queue is full, and the task stays the caller's. */
bool tasks_add(struct tasks *tasks, struct task *task) MUST_CHECK;

/* Within run, on its thread: what has come meanwhile is added behind the list, as far as its batch has room. */
void tasks_take_more(struct tasks *tasks, struct task *first);

/* Runs what is queued, joins the threads, then calls done for what was finished. NULL is fine. */
void tasks_free(struct tasks *tasks);
