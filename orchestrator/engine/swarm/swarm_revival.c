/* swarm_revival: see the header.
 *
 *   IDLE (timer) -> GET /containers/json -> each that has ended and is wanted: POST start -> GET json -> on_revived
 *
 * What ends again and again waits longer each time. Calls cannot be cancelled: what answers to one from before an end carries its
 * number, and is dropped. Invariant: begun, there is a timer, or a call for the round under way.
 */
#include "orchestrator/engine/swarm/swarm_revival.h"

#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/base/backoff.h"
#include "orchestrator/base/timer.h"
#include "orchestrator/engine/docker/docker_list_path.h"
#include "orchestrator/engine/swarm/swarm_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALL_MS 4000
#define GRACE_US 2000000 /* a manager that is only slow */
#define ROUND_US 1000000
#define PATH_SIZE (ENGINE_ID_SIZE + 40)

static const struct backoff_pace pace = {.first_us = 1000000, .most_us = 30000000};

/* What was started again. */
struct revived {
	char container[ENGINE_ID_SIZE];
	bool told; /* where it is */
	struct backoff retry;
};

struct swarm_revival {
	struct swarm_revival_settings settings;
	char *list_path;
	struct timer *timer;
	bool begun;
	unsigned number; /* of the begin */
	struct revived *items;
	size_t count;
};

struct revival_call {
	struct swarm_revival *revival;
	unsigned number;
	struct swarm_local local; /* start, inspect */
};

static struct revival_call *call_new(struct swarm_revival *revival, const struct swarm_local *local)
{
	struct revival_call *call = mem_zero(sizeof(*call));

	*call = (struct revival_call){.revival = revival, .number = revival->number};
	if (local != NULL)
		call->local = *local;
	return call;
}

/* NULL: it answers to what was ended. */
static struct swarm_revival *revival_of(const struct revival_call *call)
{
	return call->revival->begun && call->number == call->revival->number ? call->revival : NULL;
}

static void rest(struct swarm_revival *revival)
{
	timer_set(revival->timer, ROUND_US);
}

/* --- one container --------------------------------------------------------------------------------------------- */

/* NULL: it was not started by us. */
static struct revived *find(const struct swarm_revival *revival, const char *container)
{
	for (size_t i = 0; i < revival->count; i++)
		if (strcmp(revival->items[i].container, container) == 0)
			return &revival->items[i];
	return NULL;
}

static struct revived *find_or_add(struct swarm_revival *revival, const char *container)
{
	struct revived *item = find(revival, container);

	if (item != NULL)
		return item;
	revival->items = mem_array(revival->items, revival->count + 1, sizeof(*revival->items));
	item = &revival->items[revival->count++];
	*item = (struct revived){.retry = {.level = 0}};
	snprintf(item->container, sizeof(item->container), "%s", container);
	return item;
}

static void on_inspected(const struct docker_answer *answer, void *arg)
{
	struct revival_call *call = arg;
	struct swarm_revival *revival = revival_of(call);
	struct err err;
	int port = 0;

	if (revival != NULL && answer->fault == ENGINE_OK &&
	    swarm_json_local_port(answer->body, answer->len, &port, &err)) {
		find_or_add(revival, call->local.container)->told = true;
		revival->settings.on_revived(call->local.task, port, revival->settings.arg);
	}
	free(call);
}

static void inspect(struct revival_call *call)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "/containers/%s/json", call->local.container);
	docker_call(call->revival->settings.calls,
	            &(struct docker_ask){.method = "GET", .path = path, .timeout_ms = CALL_MS}, on_inspected, free,
	            call);
}

static void on_started(const struct docker_answer *answer, void *arg)
{
	struct revival_call *call = arg;
	struct swarm_revival *revival = revival_of(call);
	const char *container = call->local.container;

	if (revival == NULL) {
		free(call);
		return;
	}
	if (answer->fault != ENGINE_OK) {
		log_warn("event=start-again-failed container=%.12s error=%s", container, log_quote(answer->message));
		free(call);
		return;
	}
	log_warn("event=started-again container=%.12s error=\"it ended while the swarm has no leader to replace it\"",
	         container);
	inspect(call);
}

static void revive(struct swarm_revival *revival, const struct swarm_local *local)
{
	struct revived *item = find_or_add(revival, local->container);
	char path[PATH_SIZE];

	if (!backoff_due(&item->retry))
		return;
	item->told = false;
	(void)backoff_fail_at(&item->retry, pace, RETRY_SLOT);
	snprintf(path, sizeof(path), "/containers/%s/start", local->container);
	docker_call(revival->settings.calls,
	            &(struct docker_ask){.method = "POST", .path = path, .timeout_ms = CALL_MS}, on_started, free,
	            call_new(revival, local));
}

/* --- a round --------------------------------------------------------------------------------------------------- */

static void on_listed(const struct docker_answer *answer, void *arg)
{
	struct revival_call *call = arg;
	struct swarm_revival *revival = revival_of(call);
	struct swarm_local *locals = NULL;
	size_t count = 0;
	struct err err;

	free(call);
	if (revival == NULL)
		return;
	rest(revival);
	if (answer->fault != ENGINE_OK || !swarm_json_locals(answer->body, answer->len, &locals, &count, &err))
		return;
	for (size_t i = 0; i < count; i++) {
		const struct revived *item = find(revival, locals[i].container);

		if (locals[i].ended && revival->settings.is_wanted(locals[i].task, revival->settings.arg))
			revive(revival, &locals[i]);
		else if (!locals[i].ended && item != NULL && !item->told)
			inspect(call_new(revival, &locals[i])); /* whatever has become of the start */
	}
	free(locals);
}

static void on_timer(void *arg)
{
	struct swarm_revival *revival = arg;

	docker_call(revival->settings.calls,
	            &(struct docker_ask){.method = "GET", .path = revival->list_path, .timeout_ms = CALL_MS}, on_listed,
	            free, call_new(revival, NULL));
}

/* --- from outside ---------------------------------------------------------------------------------------------- */

void swarm_revival_begin(struct swarm_revival *revival)
{
	if (revival->begun)
		return;
	revival->begun = true;
	timer_set(revival->timer, GRACE_US);
}

void swarm_revival_end(struct swarm_revival *revival)
{
	revival->begun = false;
	revival->number++;
	revival->count = 0;
	timer_clear(revival->timer);
}

struct swarm_revival *swarm_revival_new(const struct swarm_revival_settings *settings)
{
	struct swarm_revival *revival = mem_zero(sizeof(*revival));

	revival->settings = *settings;
	revival->settings.name = NULL; /* in the path */
	revival->list_path = docker_list_path("/containers/json?all=1", settings->name);
	revival->timer = timer_new(settings->base, on_timer, revival);
	return revival;
}

void swarm_revival_free(struct swarm_revival *revival)
{
	timer_free(revival->timer);
	free(revival->items);
	free(revival->list_path);
	free(revival);
}
