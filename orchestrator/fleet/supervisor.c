/* supervisor: the order of a step that keeps one service as it should be, and the wishes of those outside.
 *
 * A step: what became of the containers? -> prepare what they share -> how many slots -> each slot -> spares -> the roll ->
 * each container on its way out. It is repeated while it changes something itself (fleet/step.h).
 * Invariant: engine calls are made from a step only, and nowhere while the engine is down.
 */
#include "orchestrator/fleet/supervisor_private.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/fleet/container_events.h"
#include "orchestrator/fleet/container_leave.h"
#include "orchestrator/fleet/lately.h"
#include "orchestrator/fleet/reconcile.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define STOP_PATIENCE_US 20000000 /* beyond stop_ms: for the engine to remove them */

static void on_look(void *arg);
static void on_looked(bool settled, void *arg);

/* The others hear of it first: what they make of it is there when the step looks. */
static void on_backend_changed(struct backend *backend, enum backend_state from, enum reason reason, void *arg)
{
	struct supervisor *supervisor = arg;

	if (supervisor->observer.changed != NULL)
		supervisor->observer.changed(backend, from, reason, supervisor->observer.arg);
	step_soon(supervisor->parts.step);
}

static void on_backend_empty(struct backend *backend, void *arg)
{
	struct supervisor *supervisor = arg;

	(void)backend;
	step_soon(supervisor->parts.step);
}

static void make_parts(struct supervisor *supervisor, const struct supervisor_settings *settings)
{
	supervisor->parts.containers = (struct containers){.harbour = settings->harbour,
	                                                   .step = supervisor->parts.step,
	                                                   .engine = settings->engine,
	                                                   .config = settings->config,
	                                                   .service = settings->service,
	                                                   .fleet = supervisor->parts.fleet,
	                                                   .health = supervisor->parts.health};
	supervisor->parts.containers.following = settings->following;
	containers_init(&supervisor->parts.containers);
	TAILQ_INIT(&supervisor->parts.berths);
	revisions_init(&supervisor->parts.revisions, &supervisor->parts.containers,
	               revision_new(settings->config, settings->service, settings->identity->key, 1));
	slots_init(&supervisor->parts.slots, &supervisor->parts.berths, &supervisor->parts.revisions);
	slots_scale_init(&supervisor->parts.scale, &supervisor->parts.slots);
	roll_init(&supervisor->parts.roll, &supervisor->parts.berths, &supervisor->parts.slots,
	          &supervisor->parts.revisions);
	spares_init(&supervisor->parts.spares, &supervisor->parts.berths, &supervisor->parts.slots,
	            &supervisor->parts.roll);
	supervisor->parts.prospects =
	        (struct prospects){&supervisor->parts.slots, &supervisor->parts.spares, &supervisor->parts.roll};
}

struct supervisor *supervisor_new(const struct supervisor_settings *settings)
{
	struct supervisor *supervisor = mem_zero(sizeof(*supervisor));

	supervisor->identity = settings->identity;
	supervisor->observer = settings->observer;
	supervisor->parts.fleet = fleet_new(
	        settings->service->name,
	        &(struct fleet_observer){.changed = on_backend_changed, .empty = on_backend_empty, .arg = supervisor});
	supervisor->parts.health = health_new(&(struct health_settings){
	        .base = settings->base, .config = &settings->service->health, .traffic = settings->traffic});
	supervisor->parts.step = step_new(
	        &(struct step_settings){.base = settings->base, .look = on_look, .over = on_looked, .arg = supervisor});
	make_parts(supervisor, settings);
	return supervisor;
}

void supervisor_free(struct supervisor *supervisor)
{
	if (supervisor == NULL)
		return;
	health_free(supervisor->parts.health);
	containers_clear(&supervisor->parts.containers);
	step_free(supervisor->parts.step);
	slots_clear(&supervisor->parts.slots);
	spares_clear(&supervisor->parts.spares);
	fleet_free(supervisor->parts.fleet);
	revisions_clear(&supervisor->parts.revisions);
	free(supervisor);
}

struct revision *supervisor_configured(const struct supervisor *supervisor)
{
	const struct containers *containers = &supervisor->parts.containers;

	return revision_new(containers->config, containers->service, supervisor->identity->key,
	                    supervisor->parts.revisions.last + 1);
}

void supervisor_reload(struct supervisor *supervisor, const struct config *config, const struct config_service *service)
{
	struct revisions *revisions = &supervisor->parts.revisions;
	const char *was = supervisor->parts.containers.service->name;
	struct revision *revision;

	supervisor->stopping = supervisor->removing = supervisor->stopped_all = false;
	supervisor->reloaded = true;
	if (strcmp(was, service->name) != 0) {
		log_info("event=renamed service=%s was=%s", service->name, was);
		lately_end_service(supervisor->parts.containers.harbour->lately, was);
	}
	fleet_rename(supervisor->parts.fleet, service->name);
	containers_configure(&supervisor->parts.containers, config, service);
	scaler_configure(&supervisor->parts.scale.scaler, &service->scale);
	health_configure(supervisor->parts.health, &service->health);
	revision = supervisor_configured(supervisor);
	if (revision_same(revision, revisions->newest)) {
		revision_take_over(revisions->newest, revision);
		revision_unref(revision);
		revisions_confirm(revisions);
		if (supervisor->waits == revisions->newest->number)
			revisions_unblock(revisions);
	} else {
		roll_to(&supervisor->parts.roll, revision);
	}
	step_soon(supervisor->parts.step);
}

void supervisor_rekey(struct supervisor *supervisor)
{
	assert(!supervisor->started);
	revisions_start_with(&supervisor->parts.revisions, supervisor_configured(supervisor));
}

/* --- the step -------------------------------------------------------------------------------------------------- */

/* Before all else: nobody goes on with a container that leaves, and none is freed that somebody has. */
static void look_at_containers(struct supervisor *supervisor)
{
	slots_look(&supervisor->parts.slots);
	spares_look(&supervisor->parts.spares);
	roll_look(&supervisor->parts.roll);
	berths_let_go(&supervisor->parts.berths);
}

static void step_serve(struct supervisor *supervisor)
{
	revisions_step(&supervisor->parts.revisions);
	slots_scale_step(&supervisor->parts.scale);
	slots_step(&supervisor->parts.slots);
	spares_step(&supervisor->parts.spares);
	if (supervisor->parts.containers.following)
		roll_follow(&supervisor->parts.roll);
	roll_step(&supervisor->parts.roll);
}

static void step_leave(struct supervisor *supervisor)
{
	struct container *container, *next;

	for (container = TAILQ_FIRST(&supervisor->parts.containers.all); container != NULL; container = next) {
		int port = container->serial_count > 0 ? container->host_port : 0;

		next = TAILQ_NEXT(container, link);
		if (container->leaving &&
		    container_leave_step(container, slots_aftermath_us(&supervisor->parts.slots, container)) &&
		    port != 0)
			berths_port_free(&supervisor->parts.berths, port);
	}
}

static void on_look(void *arg)
{
	struct supervisor *supervisor = arg;

	look_at_containers(supervisor);
	if (supervisor->started && !supervisor->stopping)
		step_serve(supervisor);
	step_leave(supervisor);
	if (supervisor->removing && !supervisor->stopped_all)
		step_by(supervisor->parts.step, supervisor->stop_until_us);
}

/* --- the end of a step ----------------------------------------------------------------------------------------- */

static void stop_done(struct supervisor *supervisor)
{
	supervisor_stopped *stopped = supervisor->stopped;

	supervisor->stopped = NULL;
	supervisor->stopped_all = true;
	if (stopped != NULL)
		stopped(supervisor->stopped_arg);
}

/* The callback may free the supervisor. */
static void look_at_stop(struct supervisor *supervisor)
{
	const struct containers *all = &supervisor->parts.containers;
	const struct container *container;

	if (supervisor->stopped_all)
		return;
	if (supervisor->removing && !TAILQ_EMPTY(&all->all)) {
		if (all->engine_up && clock_us() < supervisor->stop_until_us)
			return;
		TAILQ_FOREACH (container, &all->all, link)
			container_log(LOG_ERROR, container, "left-behind", reason_text(container->reason),
			              "the engine did not remove it in time");
	}
	stop_done(supervisor);
}

bool supervisor_is_short(const struct supervisor *supervisor)
{
	if (!supervisor->stopping && containers_look_on(&supervisor->parts.containers))
		return true; /* whoever leads may bring one */
	return !supervisor->stopping && prospects_short(&supervisor->parts.prospects);
}

bool supervisor_is_obstructed(const struct supervisor *supervisor, struct supervisor_obstacle *obstacle)
{
	return !supervisor->stopping &&
	       prospects_obstructed(&supervisor->parts.prospects, &obstacle->message, &obstacle->retry_us);
}

static void on_looked(bool settled, void *arg)
{
	struct supervisor *supervisor = arg;

	if (supervisor->stopping && settled)
		look_at_stop(supervisor);
	else if (!supervisor->stopping && supervisor->parts.scale.waiting > 0 && supervisor->started &&
	         supervisor->observer.nothing_comes != NULL && !supervisor_is_short(supervisor))
		supervisor->observer.nothing_comes(supervisor->parts.fleet, supervisor->observer.arg);
}

/* --- the engine's word ----------------------------------------------------------------------------------------- */

static void engine_back(struct supervisor *supervisor)
{
	containers_set_engine(&supervisor->parts.containers, true);
	berths_engine_back(&supervisor->parts.berths);
	containers_leave_again(&supervisor->parts.containers);
	revisions_hurry(&supervisor->parts.revisions);
}

/* A roll that was under way goes on, if it leads to what our file says. Else what the former leader left stays as it is until
 * somebody says that our file holds: it may be another one than his. */
static void look_at_roll(struct supervisor *supervisor)
{
	bool settled = roll_settled(&supervisor->parts.roll), following = supervisor->parts.containers.following;

	if (following && settled)
		supervisor->reloaded = false; /* what runs is what was said; what the leader makes later may not be */
	if (following || roll_resume(&supervisor->parts.roll))
		return;
	if (!supervisor->taking_over || supervisor->reloaded || settled)
		return;
	revisions_block(&supervisor->parts.revisions);
	supervisor->waits = supervisor->parts.revisions.newest->number;
	log_warn(
	        "event=roll-waits service=%s error=\"containers differ from this orchestrator's file: they stay as they "
	        "are until a reload or a roll\"",
	        supervisor->parts.containers.service->name);
}

void supervisor_reconcile(struct supervisor *supervisor, const struct engine_listing *listing)
{
	if (supervisor->stopping)
		return;
	if (!supervisor->parts.containers.engine_up)
		engine_back(supervisor);
	reconcile(&(struct reconcile){.containers = &supervisor->parts.containers,
	                              .revisions = &supervisor->parts.revisions,
	                              .slots = &supervisor->parts.slots,
	                              .spares = &supervisor->parts.spares,
	                              .roll = &supervisor->parts.roll,
	                              .identity = supervisor->identity,
	                              .others_made = supervisor->parts.containers.following || supervisor->taking_over},
	          listing);
	berths_names_free(&supervisor->parts.berths);
	if (!supervisor->started || supervisor->taking_over)
		slots_scale_adopted(&supervisor->parts.scale);
	look_at_roll(supervisor);
	supervisor->started = true;
	supervisor->taking_over = false;
	step_soon(supervisor->parts.step);
}

void supervisor_follow(struct supervisor *supervisor)
{
	containers_set_following(&supervisor->parts.containers, true);
	revisions_hurry(&supervisor->parts.revisions); /* its slots do not wait for what was refused here */
	step_soon(supervisor->parts.step);
}

void supervisor_lead(struct supervisor *supervisor)
{
	containers_set_following(&supervisor->parts.containers, false);
	berths_afresh(&supervisor->parts.berths);
	containers_leave_again(&supervisor->parts.containers);
	revisions_prepare_at_once(&supervisor->parts.revisions);
	scaler_begin(&supervisor->parts.scale.scaler);
	supervisor->taking_over = supervisor->started;
}

void supervisor_engine_down(struct supervisor *supervisor)
{
	containers_set_engine(&supervisor->parts.containers, false);
	spares_engine_down(&supervisor->parts.spares);
	revisions_doubt(&supervisor->parts.revisions);
}

bool supervisor_event(struct supervisor *supervisor, const struct engine_event *event)
{
	return containers_event(&supervisor->parts.containers, event);
}

/* --- the end --------------------------------------------------------------------------------------------------- */

static void leave_all(struct supervisor *supervisor, enum reason reason, enum leave_how how)
{
	struct container *container;

	TAILQ_FOREACH (container, &supervisor->parts.containers.all, link) {
		if (how != LEAVE_AFTER_DRAIN)
			container_cut_short(container);
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
	supervisor->stop_until_us = clock_us() + supervisor->parts.containers.config->stop_ms * 1000 + STOP_PATIENCE_US;
	if (remove_containers)
		leave_all(supervisor, REASON_SHUTDOWN, LEAVE_AFTER_STOP);
	step_soon(supervisor->parts.step);
}

void supervisor_remove(struct supervisor *supervisor)
{
	const struct config *config = supervisor->parts.containers.config;
	struct slots *slots = &supervisor->parts.slots;

	log_info("event=service-leaving service=%s reason=%s", supervisor->parts.containers.service->name,
	         reason_text(REASON_UNCONFIGURED));
	supervisor->stopping = supervisor->removing = true;
	supervisor->stop_until_us = clock_us() + (config->drain_ms + config->stop_ms) * 1000 + STOP_PATIENCE_US;
	roll_cancel(&supervisor->parts.roll, LEAVE_AFTER_DRAIN);
	for (size_t i = 0; i < slots->count; i++)
		if (slots->items[i]->live)
			slot_retire(slots->items[i], REASON_UNCONFIGURED);
	revisions_forget(&supervisor->parts.revisions);
	lately_end_service(supervisor->parts.containers.harbour->lately, supervisor->parts.containers.service->name);
	leave_all(supervisor, REASON_UNCONFIGURED, LEAVE_AFTER_DRAIN);
	step_soon(supervisor->parts.step);
}

const struct supervisor_parts *supervisor_parts(const struct supervisor *supervisor)
{
	return &supervisor->parts;
}

bool supervisor_is_removed(const struct supervisor *supervisor)
{
	return supervisor->stopped_all;
}
