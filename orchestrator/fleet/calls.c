/* calls: a list of notes. Invariant: a note is in the list from calls_begin until its answer. */
#include "orchestrator/fleet/calls.h"

#include "common/clock.h"
#include "common/mem.h"
#include "orchestrator/fleet/step.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/queue.h>

struct note {
	LIST_ENTRY(note) link;
	struct call call; /* step NULL: forgotten */
};

struct calls {
	LIST_HEAD(, note) notes;
};

struct calls *calls_new(void)
{
	struct calls *calls = mem_zero(sizeof(*calls));

	LIST_INIT(&calls->notes);
	return calls;
}

void calls_free(struct calls *calls)
{
	struct note *note;

	if (calls == NULL)
		return;
	while ((note = LIST_FIRST(&calls->notes)) != NULL) {
		LIST_REMOVE(note, link);
		free(note);
	}
	free(calls);
}

void *calls_begin(struct calls *calls, const struct call *call)
{
	struct note *note = mem_zero(sizeof(*note));

	note->call = *call;
	if (call->mark != NULL) {
		assert(!call->mark->busy);
		call->mark->busy = true;
		call->mark->at_us = clock_us();
	}
	LIST_INSERT_HEAD(&calls->notes, note, link);
	return note;
}

void calls_on_answer(const struct engine_result *result, void *arg)
{
	struct note *note = arg;
	struct call call = note->call;

	LIST_REMOVE(note, link);
	free(note);
	if (call.step == NULL)
		return;
	if (call.mark != NULL) {
		call.mark->busy = false;
		call.mark->at_us = clock_us();
	}
	call.done(result, call.arg);
	step_soon(call.step);
}

void calls_forget(struct calls *calls, const struct step *step)
{
	struct note *note;

	LIST_FOREACH (note, &calls->notes, link)
		if (note->call.step == step)
			note->call.step = NULL;
}
