/* tasks: a queue, some threads, and an eventfd back to the loop.
 *
 * To wake a thread costs more than many a task, so it is done once for many tasks: sleeping threads are woken at the end of a
 * round of the loop's callbacks, when all that the callbacks have added is waiting; and the loop is woken once for all tasks that
 * are finished by the time it comes.
 *
 * The mutex guards both lists; nothing is done while it is held. Invariant: a task is in exactly one of: the waiting
 * list, a thread's hands, the finished list.
 */
#include "services/tasks.h"

#include "common/mem.h"
#include "common/thread.h"

#include <assert.h>
#include <event2/event.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define MOST_THREADS 16

struct task_list {
	struct task *first, **last;
	size_t count;
};

struct tasks {
	struct tasks_options options;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	unsigned asleep; /* threads that wait for the wake-up */
	struct task_list waiting, finished;
	bool stopping;
	pthread_t threads[MOST_THREADS];
	int fd;
	struct event *event, *waker;
	bool wake_due; /* the loop's alone */
};

static void list_init(struct task_list *list)
{
	list->first = NULL;
	list->last = &list->first;
	list->count = 0;
}

static void list_append(struct task_list *list, struct task *task)
{
	task->next = NULL;
	*list->last = task;
	list->last = &task->next;
	list->count++;
}

/* Takes up to `most` tasks off the front, as a list of its own, and stops behind the one with which they weigh `weight`. */
static struct task *list_take(struct task_list *list, size_t most, size_t weight)
{
	struct task *first = list->first, **end = &list->first;
	size_t taken = 0;

	for (size_t i = 0; i < most && *end != NULL && taken < weight; i++, list->count--) {
		taken += (*end)->weight;
		end = &(*end)->next;
	}
	list->first = *end;
	*end = NULL;
	if (list->first == NULL)
		list->last = &list->first;
	return first;
}

static void finish(struct tasks *tasks, struct task *first)
{
	uint64_t one = 1;

	pthread_mutex_lock(&tasks->lock);
	bool told = tasks->finished.first != NULL; /* the loop has yet to come for those, and takes these as well */
	while (first != NULL) {
		struct task *next = first->next;
		list_append(&tasks->finished, first);
		first = next;
	}
	pthread_mutex_unlock(&tasks->lock);
	if (told)
		return;
	ssize_t written = write(tasks->fd, &one, sizeof(one));
	assert(written == sizeof(one)); /* the counter cannot be near its end */
	(void)written;
}

static void *thread_main(void *arg)
{
	struct tasks *tasks = arg;

	pthread_setname_np(pthread_self(), tasks->options.name);
	pthread_mutex_lock(&tasks->lock);
	for (;;) {
		tasks->asleep++;
		while (tasks->waiting.first == NULL && !tasks->stopping)
			pthread_cond_wait(&tasks->wake, &tasks->lock);
		tasks->asleep--;
		struct task *first = list_take(&tasks->waiting, tasks->options.batch, tasks->options.batch_weight);
		if (first == NULL)
			break;
		pthread_mutex_unlock(&tasks->lock);
		tasks->options.run(first, tasks->options.worker);
		finish(tasks, first);
		pthread_mutex_lock(&tasks->lock);
	}
	pthread_mutex_unlock(&tasks->lock);
	return NULL;
}

void tasks_take_more(struct tasks *tasks, struct task *first)
{
	size_t count = 1, weight = first->weight;
	struct task *last = first;

	for (; last->next != NULL; last = last->next, count++)
		weight += last->next->weight;
	if (count >= tasks->options.batch || weight >= tasks->options.batch_weight)
		return;
	pthread_mutex_lock(&tasks->lock);
	last->next = list_take(&tasks->waiting, tasks->options.batch - count, tasks->options.batch_weight - weight);
	pthread_mutex_unlock(&tasks->lock);
}

static void call_finished(struct tasks *tasks)
{
	pthread_mutex_lock(&tasks->lock);
	struct task *task = list_take(&tasks->finished, SIZE_MAX, SIZE_MAX);
	pthread_mutex_unlock(&tasks->lock);
	while (task != NULL) {
		struct task *next = task->next;
		task->done(task);
		task = next;
	}
}

static void on_finished(evutil_socket_t fd, short events, void *arg)
{
	uint64_t count;

	(void)events;
	if (read(fd, &count, sizeof(count)) == sizeof(count))
		call_finished(arg);
}

/* Wakes as many threads as can have a batch of their own. */
static void on_wake_due(evutil_socket_t fd, short events, void *arg)
{
	struct tasks *tasks = arg;

	(void)fd;
	(void)events;
	tasks->wake_due = false;
	pthread_mutex_lock(&tasks->lock);
	size_t batches = (tasks->waiting.count + tasks->options.batch - 1) / tasks->options.batch;
	size_t wanted = batches < tasks->asleep ? batches : tasks->asleep;
	pthread_mutex_unlock(&tasks->lock);
	for (size_t i = 0; i < wanted; i++)
		pthread_cond_signal(&tasks->wake);
}

static void start_threads(struct tasks *tasks)
{
	for (unsigned i = 0; i < tasks->options.threads; i++) {
		bool started = thread_start(&tasks->threads[i], thread_main, tasks);
		assert(started);
		(void)started;
	}
}

struct tasks *tasks_new(struct event_base *base, const struct tasks_options *options)
{
	struct tasks *tasks = mem_zero(sizeof(*tasks));

	assert(options->threads >= 1 && options->threads <= MOST_THREADS && options->batch >= 1);
	tasks->options = *options;
	if (options->batch_weight == 0)
		tasks->options.batch_weight = SIZE_MAX;
	pthread_mutex_init(&tasks->lock, NULL);
	pthread_cond_init(&tasks->wake, NULL);
	list_init(&tasks->waiting);
	list_init(&tasks->finished);
	tasks->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	assert(tasks->fd != -1);
	tasks->event = event_new(base, tasks->fd, EV_READ | EV_PERSIST, on_finished, tasks);
	event_add(tasks->event, NULL);
	tasks->waker = event_new(base, -1, 0, on_wake_due, tasks);
	start_threads(tasks);
	return tasks;
}

bool tasks_add(struct tasks *tasks, struct task *task)
{
	assert(task->done != NULL);
	pthread_mutex_lock(&tasks->lock);
	bool room = tasks->waiting.count < tasks->options.limit;
	if (room)
		list_append(&tasks->waiting, task);
	bool wake = room && tasks->asleep > 0 && !tasks->wake_due;
	pthread_mutex_unlock(&tasks->lock);
	if (wake) {
		tasks->wake_due = true;
		event_active(tasks->waker, 0, 0);
	}
	return room;
}

void tasks_free(struct tasks *tasks)
{
	if (tasks == NULL)
		return;
	pthread_mutex_lock(&tasks->lock);
	tasks->stopping = true;
	pthread_mutex_unlock(&tasks->lock);
	pthread_cond_broadcast(&tasks->wake);
	for (unsigned i = 0; i < tasks->options.threads; i++)
		pthread_join(tasks->threads[i], NULL);
	call_finished(tasks);
	event_free(tasks->event);
	event_free(tasks->waker);
	close(tasks->fd);
	pthread_cond_destroy(&tasks->wake);
	pthread_mutex_destroy(&tasks->lock);
	free(tasks);
}
