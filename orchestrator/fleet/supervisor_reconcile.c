/* supervisor_reconcile: the engine's word against what we know.
 *
 * Events say what happens, the list what is: it is asked for at start, after each loss of the engine, every 30 s, and
 * when a call ended in doubt. A list is old news about a container that something happened to since it was asked for.
 * What is ours and fits is adopted, what is ours and does not is removed; what does not carry our label is not in
 * the list and never touched.
 */
#include "orchestrator/fleet/supervisor_private.h"

#include "common/clock.h"
#include "common/log.h"

#include <stdio.h>
#include <string.h>

/* --- events --- */

static bool is_starting(const struct container *container)
{
	return container->phase == CONTAINER_CREATED && container->busy;
}

/* One that is being started may be the engine's own undoing of a start that it refuses: its answer says so, and only then
 * was a port of ours freed. */
void container_died(struct container *container, enum reason reason)
{
	if (container->may_run && !is_starting(container))
		container->ended_us = clock_us();
	container->may_run = false;
	container->dead = true;
	if (container->use == CONTAINER_LEAVING && container->retry.level == 0)
		backoff_hurry(&container->retry); /* this was waited for */
	if (container->backend != NULL)
		health_engine_died(container->backend, reason);
	supervisor_soon(container->supervisor);
}

/* For the requests that were on it. */
static void note_end(const struct container *container, bool killed)
{
	if (container->serial != 0)
		fleet_note_end(container->supervisor->fleet, container->serial, killed);
}

static void container_vanished(struct container *container)
{
	container->gone = true;
	note_end(container, container->use != CONTAINER_LEAVING);
	if (container->use == CONTAINER_NEXT)
		container_leave(container, REASON_VANISHED, LEAVE_AT_ONCE);
	else
		container_died(container, REASON_VANISHED);
}

/* Told where it is news: not what we asked for, nor what follows from it. */
static void event_log(struct container *container, const struct engine_event *event)
{
	static const char *const texts[] = {
	        [ENGINE_EVENT_DIE] = "die",         [ENGINE_EVENT_KILL] = NULL,         [ENGINE_EVENT_EXIT] = NULL,
	        [ENGINE_EVENT_OOM] = "oom",         [ENGINE_EVENT_START] = NULL,        [ENGINE_EVENT_PAUSE] = "pause",
	        [ENGINE_EVENT_UNPAUSE] = "unpause", [ENGINE_EVENT_DESTROY] = "destroy",
	};
	bool ours = container->use == CONTAINER_LEAVING ? !container->faulty
	                                                : container->use == CONTAINER_SPARE && !container->in_fleet;
	struct backend *backend = container->backend;

	if (texts[event->type] == NULL || ours)
		return;
	if (backend != NULL && event->type != ENGINE_EVENT_UNPAUSE)
		backend_open_incident(backend);
	log_info(
	        "event=engine-event service=%s slot=%d container=%.12s name=%s reason=%s exit_code=%d signal=%d incident=%s",
	        container->supervisor->service->name, container->slot, container->id, container->name,
	        texts[event->type], event->type == ENGINE_EVENT_DIE ? event->exit_code : -1,
	        event->type == ENGINE_EVENT_DIE ? container_signal(container) : 0,
	        incident_text(container_incident(container)));
}

/* By somebody else: one created ahead, or one that had ended and is on its way out. Our own starts are told late at times;
 * then this kills what is dead already. */
static void started_outside(struct container *container)
{
	if (container->use != CONTAINER_NEXT && (container->use != CONTAINER_LEAVING || container->may_run))
		return;
	container->may_run = true;
	container->dead = container->exited = false;
	if (container->use == CONTAINER_NEXT)
		container_leave(container, REASON_OPERATOR, LEAVE_AT_ONCE);
	else
		container_kill(container);
}

bool supervisor_event(struct supervisor *supervisor, const struct engine_event *event)
{
	struct container *container = container_by_id(supervisor, event->id);

	if (container == NULL)
		return false;
	container->touched_us = clock_us();
	event_log(container, event);
	switch (event->type) {
	case ENGINE_EVENT_DIE:
		if (container->phase == CONTAINER_CREATED && !container->busy && !container->may_run)
			break; /* late news of a start that was refused */
		container_note_exit(container, event->exit_code);
		note_end(container, container_ended_by_hand(container));
		container_died(container, container->oom ? REASON_OOM_KILLED : REASON_EXITED);
		break;
	case ENGINE_EVENT_KILL:
		if (!is_starting(container))
			container_note_signal(container, event->signal);
		break;
	case ENGINE_EVENT_EXIT: /* what serves is judged by its probes, and by its die event */
		container->exited = true;
		supervisor_soon(supervisor);
		break;
	case ENGINE_EVENT_OOM:
		container->oom = true;
		container->oom_us = clock_us();
		if (container->backend != NULL)
			health_engine_doubt(container->backend, REASON_OOM_KILLED);
		break;
	case ENGINE_EVENT_PAUSE:
		if (container->use == CONTAINER_SPARE)
			spare_paused_outside(container, true);
		if (container->backend != NULL)
			health_engine_doubt(container->backend, REASON_PAUSED);
		break;
	case ENGINE_EVENT_START:
		started_outside(container);
		break;
	case ENGINE_EVENT_UNPAUSE: /* the next probe sees it */
		if (container->use == CONTAINER_SPARE)
			spare_paused_outside(container, false);
		break;
	case ENGINE_EVENT_DESTROY:
		container_vanished(container);
		break;
	}
	return true;
}

/* --- the list: containers we know --- */

static void reconcile_known(struct container *container, const struct engine_container *listed)
{
	struct supervisor *supervisor = container->supervisor;

	container->seen = true;
	if (container->touched_us > supervisor->list_us || container->busy)
		return;
	snprintf(container->name, sizeof(container->name), "%s", listed->name);
	switch (listed->state) {
	case ENGINE_EXITED:
	case ENGINE_OTHER:
		if (container->use == CONTAINER_NEXT)
			container_leave(container, REASON_EXITED, LEAVE_AT_ONCE);
		else if (container->may_run)
			container_died(container, REASON_EXITED);
		break;
	case ENGINE_PAUSED:
		if (container->use == CONTAINER_SPARE)
			spare_paused_outside(container, true);
		if (container->backend != NULL)
			health_engine_doubt(container->backend, REASON_PAUSED);
		break;
	case ENGINE_RUNNING:
		if (container->use == CONTAINER_SPARE)
			spare_paused_outside(container, false);
		started_outside(container);
		break;
	case ENGINE_CREATED:
		break;
	}
}

/* --- the list: containers we do not know --- */

static bool being_created(const struct supervisor *supervisor, const char *name)
{
	const struct container *container;

	TAILQ_FOREACH (container, &supervisor->containers, link)
		if (container->phase == CONTAINER_NEW && strcmp(container->name, name) == 0)
			return true;
	return false;
}

bool supervisors_know(struct supervisors *all, const struct engine_container *listed)
{
	struct supervisor *supervisor;

	TAILQ_FOREACH (supervisor, all, link)
		if (container_by_id(supervisor, listed->id) != NULL || being_created(supervisor, listed->name))
			return true;
	return false;
}

static bool is_named(const struct engine_container *listed, const char *suffix)
{
	char name[ENGINE_NAME_SIZE + 32];

	snprintf(name, sizeof(name), "%s_%d%s", listed->service, listed->slot, suffix);
	return strcmp(listed->name, name) == 0;
}

static bool in_range(const struct supervisor *supervisor, const struct engine_container *listed)
{
	return listed->slot >= 0 && listed->slot < supervisor->service->scale.max;
}

/* A container object for one that was found; it does not point anywhere yet. */
static struct container *container_found(struct supervisor *supervisor, const struct engine_container *listed,
                                         enum container_use use)
{
	struct container *container = container_new(supervisor, use, in_range(supervisor, listed) ? listed->slot : -1);

	snprintf(container->id, sizeof(container->id), "%s", listed->id);
	snprintf(container->name, sizeof(container->name), "%s", listed->name);
	container->host_port = listed->host_port;
	container->address = listed->address;
	container->late_network = listed->no_network;
	container->phase = CONTAINER_CREATED;
	container->seen = true;
	container->may_run = listed->state != ENGINE_CREATED && listed->state != ENGINE_EXITED;
	container->dead = listed->state == ENGINE_EXITED;
	container->revision = strcmp(listed->spec, supervisor->revision->hash) == 0 ? supervisor->revision->number : 0;
	return container;
}

static bool adopt_running(struct supervisor *supervisor, const struct engine_container *listed, const char *suffix)
{
	struct slot *slot;

	if (listed->state != ENGINE_RUNNING || !in_range(supervisor, listed) || !is_named(listed, suffix))
		return false;
	slot = supervisor_slot_of(supervisor, listed->slot);
	if (slot_current(slot) != NULL)
		return false;
	slot->current = container_found(supervisor, listed, CONTAINER_CURRENT);
	slot->current->phase =
	        listed->no_network ? CONTAINER_CREATED : CONTAINER_STARTED; /* a start that was cut short */
	slot->current->adopted = true;
	slot->current->running_ms = listed->running_ms;
	slot->current->doubt_us = clock_us() + DOUBT_US;
	slot->live = true;
	slot->wanted_us = clock_us();
	slot->ready_us = NEVER;
	container_log(LOG_INFO, slot->current, "adopted", container_stale(slot->current) ? "roll" : "none", NULL);
	return true;
}

static bool adopt_created(struct supervisor *supervisor, const struct engine_container *listed)
{
	struct slot *slot;

	if (listed->state != ENGINE_CREATED || !in_range(supervisor, listed) ||
	    (!is_named(listed, ".next") && !is_named(listed, "")) ||
	    strcmp(listed->spec, supervisor->revision->hash) != 0 || listed->spoilt)
		return false;
	slot = supervisor_slot_of(supervisor, listed->slot);
	if (slot_next(slot) != NULL)
		return false;
	slot->next = container_found(supervisor, listed, CONTAINER_NEXT);
	return true;
}

static bool adopt_spare(struct supervisor *supervisor, const struct engine_container *listed)
{
	struct spare *spare = spare_free_for(supervisor, listed->name);
	bool usable =
	        listed->state == ENGINE_CREATED || listed->state == ENGINE_RUNNING || listed->state == ENGINE_PAUSED;

	if (spare == NULL || !usable || listed->slot != SLOT_EXTRA || listed->spoilt)
		return false;
	spare_adopt(spare, container_found(supervisor, listed, CONTAINER_SPARE), listed->state);
	return true;
}

static void remove_unwanted(struct supervisor *supervisor, const struct engine_container *listed)
{
	struct container *container = container_found(supervisor, listed, CONTAINER_NEXT);

	container_log(LOG_WARN, container, "unwanted", "none", "a container of this name that has no place here");
	container_leave(container, REASON_REPLACED, LEAVE_AT_ONCE);
}

/* Passes over the list: those that hold their slot's name come before those still called .next, and what runs before
 * what was only created; what nobody took is not wanted. */
static void reconcile_unknown(struct supervisor *supervisor, const struct engine_container *listed, int pass)
{
	if (strcmp(listed->service, supervisor->service->name) != 0 ||
	    !identity_owns(supervisor->identity, listed->owner) || supervisors_know(supervisor->all, listed))
		return;
	switch (pass) {
	case 0:
		(void)adopt_running(supervisor, listed, "");
		break;
	case 1:
		(void)adopt_running(supervisor, listed, ".next");
		break;
	case 2:
		if (!adopt_created(supervisor, listed))
			(void)adopt_spare(supervisor, listed);
		break;
	default:
		remove_unwanted(supervisor, listed);
	}
}

static void reconcile_missing(struct supervisor *supervisor)
{
	struct container *container, *next;

	for (container = TAILQ_FIRST(&supervisor->containers); container != NULL; container = next) {
		next = TAILQ_NEXT(container, link);
		if (container->id[0] != '\0' && !container->seen && !container->busy && !container->gone &&
		    container->touched_us <= supervisor->list_us)
			container_vanished(container);
	}
}

/* --- the list --- */

static void first_list(struct supervisor *supervisor)
{
	struct scaler_decision decision;
	int live = 0;

	for (size_t i = 0; i < supervisor->slot_count; i++)
		live += supervisor->slots[i]->live;
	decision = scaler_adopt(&supervisor->scaler, clock_us(), live);
	log_info("event=scale service=%s n=0 from=%d wanted=%d why=start found=%d", supervisor->service->name,
	         decision.from, decision.wanted, live);
	supervisor->started = true;
}

/* Something was taken that a slot waited for: it need not wait its back-off out. */
static void retry_names(struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->slot_count; i++)
		if (supervisor->slots[i]->reason == REASON_NAME_TAKEN) {
			const struct container *container;

			TAILQ_FOREACH (container, &supervisor->containers, link)
				if (container->use == CONTAINER_LEAVING &&
				    container->slot == supervisor->slots[i]->index)
					backoff_hurry(&supervisor->slots[i]->retry);
		}
}

/* The engine is back: what failed for want of it need not wait its back-off out, and begins with the shortest. */
static void retry_all(struct supervisor *supervisor)
{
	struct container *container;

	for (size_t i = 0; i < supervisor->slot_count; i++) {
		struct slot *slot = supervisor->slots[i];

		backoff_reset(&slot->ahead);
		if (slot->reason != REASON_ENGINE_DOWN)
			continue;
		backoff_reset(&slot->retry);
	}
	TAILQ_FOREACH (container, &supervisor->containers, link)
		if (container->retry.level > 0) /* its removal */
			backoff_reset(&container->retry);
	for (size_t i = 0; i < supervisor->spare_count; i++) {
		struct spare *spare = supervisor->spares[i];

		if (spare->reason == REASON_ENGINE_DOWN)
			backoff_reset(&spare->retry);
	}
	backoff_reset(&supervisor->prepare);
}

void supervisor_reconcile(struct supervisor *supervisor, const struct engine_container *containers, size_t count)
{
	struct container *known;

	if (supervisor->stopping)
		return;
	if (!supervisor->engine_up)
		retry_all(supervisor);
	supervisor->engine_up = true;
	TAILQ_FOREACH (known, &supervisor->containers, link)
		known->seen = false;
	for (size_t i = 0; i < count; i++) {
		known = container_by_id(supervisor, containers[i].id);
		if (known != NULL)
			reconcile_known(known, &containers[i]);
	}
	reconcile_missing(supervisor);
	for (int pass = 0; pass < 4; pass++)
		for (size_t i = 0; i < count; i++)
			reconcile_unknown(supervisor, &containers[i], pass);
	supervisor->list_us = NEVER;
	retry_names(supervisor);
	if (!supervisor->started)
		first_list(supervisor);
	supervisor_soon(supervisor);
}

void supervisor_list_asked(struct supervisor *supervisor, int64_t asked_us)
{
	supervisor->list_us = asked_us;
}

static void on_list(struct supervisor *supervisor, struct container *none, const struct engine_result *result)
{
	(void)none;
	supervisor->listing = false;
	if (result->fault != ENGINE_OK || !supervisor->engine_up)
		return;
	supervisor_list_asked(supervisor, supervisor->own_list_us);
	supervisor_reconcile(supervisor, result->containers, result->count);
}

void supervisor_ask_list(struct supervisor *supervisor)
{
	supervisor->list_wanted = false;
	supervisor->listing = true;
	supervisor->own_list_us = clock_us();
	supervisor->engine->verbs->list(supervisor->engine, on_call, call_begin(supervisor, NULL, on_list));
}

void supervisor_engine_down(struct supervisor *supervisor, const char *message)
{
	(void)message;
	supervisor->engine_up = supervisor->told_runs_on = false; /* it may be another one when it comes back */
	supervisor->prepared = supervisor->previous_prepared =
	        false; /* networks and volumes may be others when it comes back */
}
