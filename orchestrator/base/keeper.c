/* keeper: a mailbox for one text, and a job that writes what is in it.
 *
 *   put -> text -> timer -> writing --worker--> written, or back to text unless another is there -> timer, with back-off
 *
 * Invariant: one writing is under way at a time, but at the end, where the last text follows the one before.
 */
#include "orchestrator/base/keeper.h"

#include "common/container_of.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/base/backoff.h"
#include "orchestrator/base/state_file.h"
#include "orchestrator/base/timer.h"
#include "orchestrator/base/worker.h"
#include "orchestrator/base/write_fault.h"

#include <stdlib.h>

struct keeper {
	char *dir, *name, *path;
	struct worker *worker;
	struct timer *timer; /* runs where there is a text and none is being written */
	struct backoff retry;
	char *text; /* to be written; NULL: nothing is */
	bool busy;  /* one is being written */
	int problem;
};

struct writing {
	struct worker_job job;
	struct keeper *keeper; /* the thread reads dir and name, which stay as they are */
	char *text;
	bool ok;
	struct err err;
};

static void work(struct worker_job *job)
{
	struct writing *writing = container_of(job, struct writing, job);

	writing->ok = state_file_write(writing->keeper->dir, writing->keeper->name, writing->text, &writing->err);
}

static void take_result(struct keeper *keeper, const struct writing *writing)
{
	int before = keeper->problem;

	keeper->problem = writing->ok ? 0 : writing->err.code;
	if (writing->ok)
		backoff_reset(&keeper->retry);
	else
		backoff_fail(&keeper->retry, RETRY_STATE);
	if (before == 0 && !writing->ok)
		log_warn("event=state-not-kept path=%s error=%s remedy=\"%s: it is tried again\"",
		         log_quote(keeper->path), log_quote(writing->err.message),
		         write_fault_remedy(writing->err.code));
	else if (before != 0 && writing->ok)
		log_info("event=state-kept path=%s", log_quote(keeper->path));
}

static void set_timer(struct keeper *keeper)
{
	if (keeper->text != NULL && !keeper->busy)
		timer_set_at(keeper->timer, keeper->retry.next_us);
}

static void done(struct worker_job *job)
{
	struct writing *writing = container_of(job, struct writing, job);
	struct keeper *keeper = writing->keeper;

	keeper->busy = false;
	take_result(keeper, writing);
	if (!writing->ok && keeper->text == NULL) {
		keeper->text = writing->text;
		writing->text = NULL;
	}
	free(writing->text);
	free(writing);
	set_timer(keeper);
}

static void write_text(void *arg)
{
	struct keeper *keeper = arg;
	struct writing *writing = mem_zero(sizeof(*writing));

	writing->job = (struct worker_job){.work = work, .done = done};
	writing->keeper = keeper;
	writing->text = keeper->text;
	keeper->text = NULL;
	keeper->busy = true;
	worker_do(keeper->worker, &writing->job);
}

struct keeper *keeper_new(struct event_base *base, const char *dir, const char *name)
{
	struct keeper *keeper = mem_zero(sizeof(*keeper));

	keeper->dir = mem_dup(dir);
	keeper->name = mem_dup(name);
	keeper->path = mem_format("%s/%s", dir, name);
	keeper->worker = worker_new(base);
	keeper->timer = timer_new_of_clients(base, write_text, keeper);
	return keeper;
}

void keeper_put(struct keeper *keeper, const char *text)
{
	free(keeper->text);
	keeper->text = mem_dup(text);
	set_timer(keeper);
}

void keeper_free(struct keeper *keeper)
{
	if (keeper == NULL)
		return;
	if (keeper->text != NULL)
		write_text(keeper);
	if (!worker_free(keeper->worker)) {
		log_warn("event=state-stuck path=%s error=\"the disk does not answer\"", log_quote(keeper->path));
		timer_free(keeper->timer);
		mem_leave(keeper);
		return;
	}
	timer_free(keeper->timer);
	free(keeper->text);
	free(keeper->dir);
	free(keeper->name);
	free(keeper->path);
	free(keeper);
}

const char *keeper_path(const struct keeper *keeper)
{
	return keeper->path;
}

int keeper_problem(const struct keeper *keeper)
{
	return keeper->problem;
}
