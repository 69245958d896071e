/* lists: wanted or due -> asked for -> taken; refused: after a back-off. */
#include "orchestrator/fleet/lists.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/base/backoff.h"
#include "orchestrator/fleet/step.h"

#include <stdlib.h>

struct lists {
	struct lists_settings settings;
	struct engine *engine;
	struct step *step;
	bool up, stopped;
	bool asking; /* one is in flight */
	bool wanted;
	int64_t due_us;   /* NEVER: not by itself */
	int64_t asked_us; /* when the one in flight was asked for */
	struct backoff retry;
};

static void on_look(void *arg);

struct lists *lists_new(const struct lists_settings *settings)
{
	struct lists *lists = mem_zero(sizeof(*lists));

	lists->settings = *settings;
	lists->due_us = NEVER;
	lists->step = step_new(&(struct step_settings){.base = settings->base, .look = on_look, .arg = lists});
	return lists;
}

void lists_free(struct lists *lists)
{
	if (lists == NULL)
		return;
	step_free(lists->step);
	free(lists);
}

static void refused(struct lists *lists, const struct engine_result *result)
{
	log_warn("event=list-failed reason=%s error=%s", engine_fault_text(result->fault), log_quote(result->message));
	if (!lists->up)
		return;
	(void)backoff_fail(&lists->retry, RETRY_LIST);
	lists->due_us = lists->retry.next_us;
}

static void on_listed(const struct engine_result *result, void *arg)
{
	struct lists *lists = arg;
	struct engine_listing listing = {result->containers, result->count, lists->asked_us};

	lists->asking = false;
	if (lists->stopped)
		return;
	step_soon(lists->step);
	if (result->fault != ENGINE_OK) {
		refused(lists, result);
	} else if (lists->up) {
		backoff_reset(&lists->retry);
		lists->settings.taker(&listing, lists->settings.arg);
	}
}

static void ask(struct lists *lists)
{
	lists->wanted = false;
	lists->asking = true;
	lists->due_us = NEVER;
	lists->asked_us = clock_us();
	lists->engine->verbs->list(lists->engine, on_listed, lists);
}

static void on_look(void *arg)
{
	struct lists *lists = arg;
	int64_t due_us = lists->wanted ? lists->retry.next_us : lists->due_us;

	if (!lists->up || lists->stopped || lists->asking)
		return;
	if (clock_us() >= due_us)
		ask(lists);
	else
		step_by(lists->step, due_us);
}

void lists_up(struct lists *lists, struct engine *engine)
{
	lists->engine = engine;
	lists->up = true;
	backoff_reset(&lists->retry);
	lists_want(lists);
}

void lists_down(struct lists *lists)
{
	lists->up = false;
	lists->due_us = NEVER;
}

void lists_stop(struct lists *lists)
{
	lists->stopped = true;
}

void lists_want(struct lists *lists)
{
	lists->wanted = true;
	step_soon(lists->step);
}

void lists_due(struct lists *lists, int64_t at_us)
{
	lists->due_us = at_us;
	step_soon(lists->step);
}
