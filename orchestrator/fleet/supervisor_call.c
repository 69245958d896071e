/* supervisor_call: engine calls in flight.
 *
 * The engine answers each call once, in any order, perhaps after the supervisor is gone. So what it is given is a
 * note of ours in a list of the process, never a pointer to something that may be freed; a forgotten note swallows its
 * answer. Invariant: a container with a call in flight is busy, and a busy container is not freed.
 */
#include "orchestrator/fleet/supervisor_private.h"

#include "common/clock.h"
#include "common/mem.h"

#include <assert.h>
#include <stdlib.h>

struct call {
	LIST_ENTRY(call) link;
	struct supervisor *supervisor; /* NULL: forgotten */
	struct container *container;
	call_done *done;
};

static LIST_HEAD(, call) calls = LIST_HEAD_INITIALIZER(calls);

void *call_begin(struct supervisor *supervisor, struct container *container, call_done *done)
{
	struct call *call = mem_zero(sizeof(*call));

	call->supervisor = supervisor;
	call->container = container;
	call->done = done;
	if (container != NULL) {
		assert(!container->busy);
		container->busy = true;
		container->touched_us = clock_us();
	}
	LIST_INSERT_HEAD(&calls, call, link);
	return call;
}

void on_call(const struct engine_result *result, void *arg)
{
	struct call *call = arg;
	struct call was = *call;

	LIST_REMOVE(call, link);
	free(call);
	if (was.supervisor == NULL)
		return;
	if (was.container != NULL) {
		was.container->busy = false;
		was.container->touched_us = clock_us();
	}
	was.done(was.supervisor, was.container, result);
	supervisor_soon(was.supervisor);
}

void calls_forget(struct supervisor *supervisor)
{
	struct call *call;

	LIST_FOREACH (call, &calls, link)
		if (call->supervisor == supervisor)
			call->supervisor = NULL;
}
