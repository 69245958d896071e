/* defer: a list in order of arrival and one event that is made active when the list gets its first entry. */
#include "orchestrator/base/defer.h"

#include "common/mem.h"
#include "orchestrator/base/loop.h"

#include <event2/event.h>
#include <stdlib.h>

struct defer {
	struct event *event;
	STAILQ_HEAD(, deferred) list;
};

void defer_run(struct defer *defer)
{
	struct deferred *deferred;

	while ((deferred = STAILQ_FIRST(&defer->list)) != NULL) {
		STAILQ_REMOVE_HEAD(&defer->list, link);
		deferred->queued = false;
		deferred->run(deferred);
	}
}

static void on_active(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	defer_run(arg);
}

static struct defer *defer_make(struct event_base *base, enum loop_priority priority)
{
	struct defer *defer = mem_zero(sizeof(*defer));

	STAILQ_INIT(&defer->list);
	defer->event = loop_event_new(base, priority, -1, 0, on_active, defer);
	return defer;
}

struct defer *defer_new(struct event_base *base)
{
	return defer_make(base, LOOP_CLIENTS);
}

struct defer *defer_new_urgent(struct event_base *base)
{
	return defer_make(base, LOOP_URGENT);
}

void defer_free(struct defer *defer)
{
	if (defer == NULL)
		return;
	defer_run(defer);
	event_free(defer->event);
	free(defer);
}

void defer_call(struct defer *defer, struct deferred *deferred)
{
	if (deferred->queued)
		return;
	deferred->queued = true;
	bool first = STAILQ_EMPTY(&defer->list);
	STAILQ_INSERT_TAIL(&defer->list, deferred, link);
	if (first)
		event_active(defer->event, EV_TIMEOUT, 0);
}
