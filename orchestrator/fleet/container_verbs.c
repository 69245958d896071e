/* container_verbs: a call, and what its answer changes.
 *
 * Answers only change the container; what comes next is for a step to decide. Where the engine refuses, the container keeps
 * the failure for whoever wants it, and stays in its phase; one that could not be made leaves, and there is nothing to remove.
 */
#include "orchestrator/fleet/container_verbs.h"

#include "common/clock.h"
#include "common/log.h"

#include <assert.h>
#include <stdio.h>

static void *call_for(struct container *container, call_done *done)
{
	return calls_begin(
	        container->all->harbour->calls,
	        &(struct call){.step = container->all->step, .mark = &container->call, .done = done, .arg = container});
}

/* The network or a volume may have gone; of a network an engine says so only at the start. */
static void note_shared(struct container *container, enum engine_fault fault)
{
	if (fault == ENGINE_REFUSED || fault == ENGINE_NO_NETWORK || fault == ENGINE_NO_VOLUME)
		container->all->shared_lost = true;
}

/* Who is alone on purpose has nobody to keep away from. */
static bool is_apart(const struct container *container)
{
	const struct config_scale *scale = &container->all->service->scale;

	return scale->spread && (scale->max > 1 || scale->spares > 0);
}

static struct engine_place place_of(const struct container *container)
{
	return (struct engine_place){
	        .name = container->name,
	        .slot = container->slot,
	        .host_port = container->host_port,
	        .late_network = container->late_network,
	        .apart = is_apart(container),
	};
}

static void take_identity(struct container *container, const struct engine_result *result)
{
	if (result->identity != NULL)
		snprintf(container->identity, sizeof(container->identity), "%s", result->identity);
}

/* --- create ---------------------------------------------------------------------------------------------------- */

static void on_created(const struct engine_result *result, void *arg)
{
	struct container *container = arg;

	if (result->fault == ENGINE_OK) {
		snprintf(container->id, sizeof(container->id), "%s", result->id);
		take_identity(container, result);
		container->phase = CONTAINER_CREATED;
		container->late_network = result->no_network;
		container_log(LOG_INFO, container, "created", "none", NULL);
		return;
	}
	container_fail(container, CONTAINER_CREATE, result, REASON_CREATE_FAILED);
	container->leaving = true;
	note_shared(container, result->fault);
	if (engine_in_doubt(result->fault) || result->fault == ENGINE_NAME_TAKEN)
		containers_want_list(container->all);
}

void container_create(struct container *container, const char *name, int host_port)
{
	struct engine *engine = container->all->engine;
	struct engine_place place;

	assert(container->phase == CONTAINER_NEW);
	snprintf(container->name, sizeof(container->name), "%s", name);
	container_set_port(container, host_port);
	container->late_network =
	        container->all->service->late_network && engine->can->late_network && container->slot != SLOT_NONE;
	place = place_of(container);
	engine->verbs->create(engine, &container->revision->spec, &place, calls_on_answer,
	                      call_for(container, on_created));
}

/* --- start ----------------------------------------------------------------------------------------------------- */

static void on_started(const struct engine_result *result, void *arg)
{
	struct container *container = arg;

	if (container->leaving)
		return;
	if (result->fault == ENGINE_OK) {
		container->phase = CONTAINER_STARTED;
		container->address = result->address;
		take_identity(container, result);
		container_log(LOG_INFO, container, "started", "none", NULL);
		if (container->dead) /* its die event came first: the step looks */
			container->ended_us = clock_us();
		return;
	}
	container->dead = container->by_hand = false; /* a failed start may have looked like a death */
	container->signalled_us = 0;
	if (result->fault == ENGINE_NOT_FOUND) {
		container->gone = true; /* somebody removed it before it ran: nothing failed */
		return;
	}
	container_fail(container, CONTAINER_START, result, REASON_START_FAILED);
	container->may_run = engine_in_doubt(result->fault);
	container->adopted &= container->may_run;
	note_shared(container, result->fault);
}

void container_start(struct container *container)
{
	struct engine *engine = container->all->engine;
	struct engine_place place = place_of(container);

	assert(container->phase == CONTAINER_CREATED);
	container->may_run = true;
	container->exited = false;
	engine->verbs->start(engine, &container->revision->spec, &place, container->id, calls_on_answer,
	                     call_for(container, on_started));
}

/* --- address, then serving ------------------------------------------------------------------------------------- */

static const struct backoff_pace locate_pace = {.first_us = 250000, .most_us = 2000000};

static void on_inspected(const struct engine_result *result, void *arg)
{
	struct container *container = arg;
	struct engine_result nowhere = {.message = "it has no address"};

	if (container->leaving || container->dead) /* it ended meanwhile: the step looks */
		return;
	if (result->fault == ENGINE_OK && result->address.len > 0) {
		container->address = result->address;
		take_identity(container, result);
		container_serve(container);
	} else if (result->fault == ENGINE_OK && result->state == ENGINE_EXITED) {
		container->exit_code = result->exit_code;
		container->oom = result->oom_killed;
		container_died(container, result->oom_killed ? REASON_OOM_KILLED : REASON_EXITED);
	} else if (result->fault == ENGINE_OK && result->state == ENGINE_EVICTED) {
		container_evict(container);
	} else if (result->fault == ENGINE_OK && containers_look_on(container->all)) {
		/* whoever leads decides about it; an engine that was away may know its host again in a moment */
		backoff_fail_at(&container->retry, locate_pace, RETRY_SLOT);
	} else {
		container_fail(container, CONTAINER_LOCATE, result->fault == ENGINE_OK ? &nowhere : result,
		               REASON_START_FAILED);
		if (engine_in_doubt(result->fault))
			containers_want_list(container->all);
	}
}

void container_locate(struct container *container, bool member)
{
	struct engine *engine = container->all->engine;

	assert(container->phase == CONTAINER_STARTED);
	container->member = member;
	if (container->address.len > 0)
		container_serve(container);
	else
		engine->verbs->inspect(engine, container->id, calls_on_answer, call_for(container, on_inspected));
}

/* --- rename ---------------------------------------------------------------------------------------------------- */

/* The service is not hurt where it fails: only the name is not what it should be. The next list says what it is. */
static void on_renamed(const struct engine_result *result, void *arg)
{
	struct container *container = arg;

	if (result->fault == ENGINE_OK || container->slot == SLOT_NONE) {
		container->old_name[0] = '\0';
		return;
	}
	snprintf(container->name, sizeof(container->name), "%s", container->old_name);
	container->old_name[0] = '\0';
	container_log(LOG_WARN, container, "rename-failed", engine_fault_text(result->fault), result->message);
	container_fail(container, CONTAINER_RENAME, result, REASON_NONE);
	if (engine_in_doubt(result->fault))
		containers_want_list(container->all);
}

void container_rename(struct container *container, const char *name)
{
	struct engine *engine = container->all->engine;

	snprintf(container->old_name, sizeof(container->old_name), "%s", container->name);
	snprintf(container->name, sizeof(container->name), "%s", name);
	engine->verbs->rename(engine, container->id, container->name, calls_on_answer, call_for(container, on_renamed));
}

/* --- pause ----------------------------------------------------------------------------------------------------- */

static void pause_failed(struct container *container, enum container_verb verb, const struct engine_result *result)
{
	container_fail(container, verb, result, REASON_NONE);
	if (result->fault == ENGINE_NOT_FOUND)
		container->gone = container->dead = true;
	/* Some engines cannot pause at all (without control groups, say). */
	container->runs_on |= verb == CONTAINER_PAUSE && result->fault == ENGINE_REFUSED;
}

static void on_paused(const struct engine_result *result, void *arg)
{
	struct container *container = arg;

	if (container->leaving)
		return;
	if (result->fault != ENGINE_OK) {
		pause_failed(container, CONTAINER_PAUSE, result);
		return;
	}
	container->paused = true;
	container_log(LOG_INFO, container, "spare-waits", "spare", NULL);
}

static void on_unpaused(const struct engine_result *result, void *arg)
{
	struct container *container = arg;

	if (container->leaving)
		return;
	if (result->fault != ENGINE_OK)
		pause_failed(container, CONTAINER_UNPAUSE, result);
	else
		container->paused = false;
}

void container_pause(struct container *container, bool pause)
{
	struct engine *engine = container->all->engine;

	if (pause)
		engine->verbs->pause(engine, container->id, calls_on_answer, call_for(container, on_paused));
	else
		engine->verbs->unpause(engine, container->id, calls_on_answer, call_for(container, on_unpaused));
}
