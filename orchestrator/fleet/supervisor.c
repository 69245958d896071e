/* supervisor: the step that keeps one service as it should be, and the wishes of those outside.
 *
 * A step: the first list has come? -> prepare what containers share -> how many slots -> each slot -> spares -> the
 * roll -> each container on its way out -> when is the next step due. It is repeated while it changes something itself.
 * Invariant: engine calls are made from a step only, and nowhere while the engine is down.
 */
#include "orchestrator/fleet/supervisor_private.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP_ROUNDS 8             /* then the loop gets its turn */
#define STOP_PATIENCE_US 20000000 /* beyond stop_ms: for the engine to remove them */

static void on_step(void *arg);

/* The others hear of it first: what they make of it is there when the step looks. */
static void on_backend_changed(struct backend *backend, enum backend_state from, enum reason reason, void *arg)
{
	struct supervisor *supervisor = arg;

	if (supervisor->observer.changed != NULL)
		supervisor->observer.changed(backend, from, reason, supervisor->observer.arg);
	supervisor_soon(supervisor);
}

static void on_backend_empty(struct backend *backend, void *arg)
{
	(void)backend;
	supervisor_soon(arg);
}

struct supervisor *supervisor_new(const struct supervisor_settings *settings)
{
	struct supervisor *supervisor = mem_zero(sizeof(*supervisor));

	supervisor->base = settings->base;
	supervisor->engine = settings->engine;
	supervisor->config = settings->config;
	supervisor->service = settings->service;
	supervisor->identity = settings->identity;
	supervisor->all = settings->all;
	TAILQ_INSERT_TAIL(supervisor->all, supervisor, link);
	supervisor->observer = settings->observer;
	supervisor->fleet = fleet_new(
	        settings->service->name,
	        &(struct fleet_observer){.changed = on_backend_changed, .empty = on_backend_empty, .arg = supervisor});
	supervisor->health = health_new(&(struct health_settings){
	        .base = settings->base, .config = &settings->service->health, .traffic = settings->traffic});
	scaler_init(&supervisor->scaler, &settings->service->scale);
	supervisor->last_revision = 1;
	supervisor->revision = revision_new(settings->config, settings->service, settings->identity->key, 1);
	supervisor->roll.slot = SLOT_EXTRA;
	supervisor->list_us = NEVER;
	supervisor->timer = timer_new(settings->base, on_step, supervisor);
	TAILQ_INIT(&supervisor->containers);
	return supervisor;
}

void supervisor_free(struct supervisor *supervisor)
{
	struct container *container;

	if (supervisor == NULL)
		return;
	TAILQ_REMOVE(supervisor->all, supervisor, link);
	calls_forget(supervisor);
	timer_free(supervisor->timer);
	health_free(supervisor->health);
	while ((container = TAILQ_FIRST(&supervisor->containers)) != NULL) {
		TAILQ_REMOVE(&supervisor->containers, container, link);
		if (container->backend != NULL)
			backend_unref(container->backend);
		free(container); /* the container itself, and its socket, stay for the next start */
	}
	for (size_t i = 0; i < supervisor->slot_count; i++)
		free(supervisor->slots[i]);
	free(supervisor->slots);
	spares_free(supervisor);
	fleet_free(supervisor->fleet);
	revision_free(supervisor->revision);
	revision_free(supervisor->previous);
	free(supervisor);
}

void supervisor_reload(struct supervisor *supervisor, const struct config *config, const struct config_service *service)
{
	struct revision *revision =
	        revision_new(config, service, supervisor->identity->key, supervisor->last_revision + 1);

	supervisor->stopping = supervisor->removing = supervisor->stopped_all = false;
	if (strcmp(supervisor->service->name, service->name) != 0)
		log_info("event=renamed service=%s was=%s", service->name, supervisor->service->name);
	fleet_rename(supervisor->fleet, service->name);
	supervisor->config = config;
	supervisor->service = service;
	scaler_configure(&supervisor->scaler, &service->scale);
	health_configure(supervisor->health, &service->health);
	if (revision_same(revision, supervisor->revision)) {
		supervisor->revision->spare_port = revision->spare_port; /* moves with scale.max */
		revision_free(revision);
	} else {
		supervisor->last_revision++;
		roll_to(supervisor, revision);
	}
	supervisor_soon(supervisor);
}

struct slot *supervisor_slot_of(struct supervisor *supervisor, int index)
{
	assert(index >= 0);
	while (supervisor->slot_count <= (size_t)index) {
		struct slot *slot = mem_zero(sizeof(*slot));

		slot->index = (int)supervisor->slot_count;
		slot->ready_us = NEVER;
		slot->ended_us = INT64_MIN / 2;
		supervisor->slots = mem_array(supervisor->slots, supervisor->slot_count + 1, sizeof(struct slot *));
		supervisor->slots[supervisor->slot_count++] = slot;
	}
	return supervisor->slots[index];
}

/* --- the step --- */

void supervisor_soon(struct supervisor *supervisor)
{
	if (supervisor->stepping)
		supervisor->again = true;
	else
		timer_set(supervisor->timer, 0);
}

void supervisor_wake(struct supervisor *supervisor, int64_t at_us)
{
	if (at_us < supervisor->wake_us)
		supervisor->wake_us = at_us;
}

/* Without image, network and volumes no container can be made: the slots that wait for them say so. */
static void prepare_failed(struct supervisor *supervisor, const struct engine_result *result)
{
	backoff_fail(&supervisor->prepare, RETRY_PREPARE);
	supervisor->prepare_reason = reason_of(result->fault, REASON_CREATE_FAILED);
	message_write(supervisor->prepare_message, "%s", result->message);
	log_error("event=prepare-failed service=%s reason=%s error=%s", supervisor->service->name,
	          engine_fault_text(result->fault), log_quote(result->message));
}

static void on_prepared(struct supervisor *supervisor, struct container *none, const struct engine_result *result)
{
	(void)none;
	supervisor->preparing = false;
	if (supervisor->prepare_number != supervisor->revision->number)
		return; /* another one by now */
	supervisor->prepared = result->fault == ENGINE_OK;
	if (supervisor->prepared)
		backoff_reset(&supervisor->prepare);
	else
		prepare_failed(supervisor, result);
	if (result->fault != ENGINE_OK && !engine_in_doubt(result->fault))
		roll_refused(supervisor, result->message);
}

static void step_prepare(struct supervisor *supervisor)
{
	if (supervisor->prepared || supervisor->preparing || !supervisor->engine_up)
		return;
	if (!backoff_due(&supervisor->prepare)) {
		supervisor_wake(supervisor, supervisor->prepare.next_us);
		return;
	}
	supervisor->preparing = true;
	supervisor->prepare_number = supervisor->revision->number;
	supervisor->engine->verbs->prepare(supervisor->engine, &supervisor->revision->spec, on_call,
	                                   call_begin(supervisor, NULL, on_prepared));
}

/* Nobody goes on with a container that leaves, and none is freed that somebody has. */
static void step_look(struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->slot_count; i++)
		slot_look(supervisor, supervisor->slots[i]);
	spares_look(supervisor);
	roll_look(supervisor);
}

static void step_serve(struct supervisor *supervisor)
{
	step_prepare(supervisor);
	scale_step(supervisor);
	for (size_t i = 0; i < supervisor->slot_count; i++)
		slot_step(supervisor, supervisor->slots[i]);
	spares_step(supervisor);
	roll_step(supervisor);
	if (supervisor->list_wanted && !supervisor->listing && supervisor->engine_up)
		supervisor_ask_list(supervisor);
}

static void step_leave(struct supervisor *supervisor)
{
	struct container *container, *next;

	for (container = TAILQ_FIRST(&supervisor->containers); container != NULL; container = next) {
		next = TAILQ_NEXT(container, link);
		if (container->use == CONTAINER_LEAVING)
			leave_step(container);
	}
}

static void stop_done(struct supervisor *supervisor)
{
	supervisor_stopped *stopped = supervisor->stopped;

	supervisor->stopped = NULL;
	supervisor->stopped_all = true;
	if (stopped != NULL)
		stopped(supervisor->stopped_arg);
}

/* The last thing a step does: the callback may free the supervisor. */
static void step_stop(struct supervisor *supervisor)
{
	const struct container *container;

	if (!supervisor->removing || TAILQ_EMPTY(&supervisor->containers)) {
		stop_done(supervisor);
		return;
	}
	if (supervisor->engine_up && clock_us() < supervisor->stop_until_us) {
		timer_set_at(supervisor->timer, supervisor->wake_us < supervisor->stop_until_us
		                                        ? supervisor->wake_us
		                                        : supervisor->stop_until_us);
		return;
	}
	TAILQ_FOREACH (container, &supervisor->containers, link)
		container_log(LOG_ERROR, container, "left-behind", reason_text(container->reason),
		              "the engine did not remove it in time");
	stop_done(supervisor);
}

static void step_over(struct supervisor *supervisor)
{
	if (supervisor->again)
		timer_set(supervisor->timer, 1); /* not 0: sockets first */
	else if (supervisor->wake_us != NEVER)
		timer_set_at(supervisor->timer, supervisor->wake_us);
	else
		timer_clear(supervisor->timer);
	if (supervisor->waiting > 0 && supervisor->started && !supervisor->stopping &&
	    supervisor->observer.nothing_comes != NULL && !supervisor_is_short(supervisor))
		supervisor->observer.nothing_comes(supervisor->fleet, supervisor->observer.arg);
}

static void on_step(void *arg)
{
	struct supervisor *supervisor = arg;
	int round = 0;

	supervisor->stepping = true;
	do {
		supervisor->again = false;
		supervisor->wake_us = NEVER;
		step_look(supervisor);
		if (supervisor->started && !supervisor->stopping)
			step_serve(supervisor);
		step_look(supervisor); /* a container that could not even be asked for */
		step_leave(supervisor);
	} while (supervisor->again && ++round < STEP_ROUNDS);
	supervisor->stepping = false;
	if (supervisor->stopping && !supervisor->again)
		step_stop(supervisor);
	else
		step_over(supervisor);
}

/* --- wishes --- */

/* One that serves is rolled, so that nobody notices; one that does not is taken away at once. */
bool supervisor_replace(struct supervisor *supervisor, int index, struct err *err)
{
	struct slot *slot;

	if (index < 0 || (size_t)index >= supervisor->slot_count || !supervisor->slots[index]->live)
		return err_set(err, "slot %d of %s is empty", index, supervisor->service->name);
	slot = supervisor->slots[index];
	if (supervisor->stopping || slot_current(slot) == NULL)
		return err_set(err, "slot %d of %s has no container to replace now", index, supervisor->service->name);
	supervisor->replacements[REASON_OPERATOR]++;
	if (slot_ready(slot)) {
		slot_current(slot)->unwanted = true;
		supervisor->roll.blocked = 0;
		supervisor_soon(supervisor);
	} else {
		slot_vacate(supervisor, slot, REASON_OPERATOR);
	}
	return true;
}

static void leave_all(struct supervisor *supervisor, enum reason reason, enum leave_how how)
{
	struct container *container, *next;

	for (container = TAILQ_FIRST(&supervisor->containers); container != NULL; container = next) {
		next = TAILQ_NEXT(container, link);
		if (how != LEAVE_AFTER_DRAIN)
			container->drain_until_us = 0; /* of one that is leaving already */
		container_leave(container, reason, how);
	}
}

void supervisor_stop(struct supervisor *supervisor, bool remove_containers, supervisor_stopped *done, void *arg)
{
	supervisor->stopping = true;
	supervisor->removing = remove_containers;
	supervisor->stopped_all = false;
	supervisor->stopped = done;
	supervisor->stopped_arg = arg;
	supervisor->stop_until_us = clock_us() + supervisor->config->stop_ms * 1000 + STOP_PATIENCE_US;
	if (remove_containers)
		leave_all(supervisor, REASON_SHUTDOWN, LEAVE_AFTER_STOP);
	supervisor_soon(supervisor);
}

void supervisor_remove(struct supervisor *supervisor)
{
	int64_t patience_ms = supervisor->config->drain_ms + supervisor->config->stop_ms;

	log_info("event=service-leaving service=%s reason=%s", supervisor->service->name,
	         reason_text(REASON_UNCONFIGURED));
	supervisor->stopping = supervisor->removing = true;
	supervisor->stop_until_us = clock_us() + patience_ms * 1000 + STOP_PATIENCE_US;
	roll_cancel(supervisor, LEAVE_AFTER_DRAIN);
	for (size_t i = 0; i < supervisor->slot_count; i++)
		if (supervisor->slots[i]->live)
			slot_retire(supervisor, supervisor->slots[i], REASON_UNCONFIGURED);
	leave_all(supervisor, REASON_UNCONFIGURED, LEAVE_AFTER_DRAIN);
	supervisor_soon(supervisor);
}

bool supervisor_is_removed(const struct supervisor *supervisor)
{
	return supervisor->stopped_all;
}
