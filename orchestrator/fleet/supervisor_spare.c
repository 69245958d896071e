/* supervisor_spare: containers that run ahead, paused, and stand in for a slot that does not serve.
 *
 *   nothing there -> create, start, first good probe -> pause -> waits
 *   waits --a slot is not ready--> unpause, probe -> serves in the slot's stead --the slot is ready--> drain -> pause -> waits
 *
 * A spare is NAME_spare_k on port first_port + max + k; it never becomes a slot's container and does not count towards
 * max. Each time it stands in it is another backend (DOWN is final), so the proxy keeps no connection into a paused
 * container. While it shows for the first time that it works, its backend is no member of the fleet.
 * Invariant: paused only without a backend; in the fleet only while it stands in, or drains after that.
 */
#include "orchestrator/fleet/supervisor_private.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALM_US 60000000 /* twice the longest wait: of one that lives through its failures */

static void spare_name(const struct supervisor *supervisor, int index, char name[ENGINE_NAME_SIZE])
{
	snprintf(name, ENGINE_NAME_SIZE, "%s_spare_%d", supervisor->revision->spec.service, index);
}

int spare_port(const struct supervisor *supervisor, int index)
{
	return revision_port(supervisor->revision, (int)supervisor->service->scale.max + index);
}

static struct spare *spare_at(struct supervisor *supervisor, int index)
{
	while (supervisor->spare_count <= (size_t)index) {
		struct spare *spare = mem_zero(sizeof(*spare));

		spare->index = (int)supervisor->spare_count;
		spare->slot = SLOT_EXTRA;
		supervisor->spares = mem_array(supervisor->spares, supervisor->spare_count + 1, sizeof(struct spare *));
		supervisor->spares[supervisor->spare_count++] = spare;
	}
	return supervisor->spares[index];
}

struct container *spare_container(const struct spare *spare)
{
	struct container *container = spare->container;

	return container != NULL && container->use != CONTAINER_LEAVING ? container : NULL;
}

/* Whose container is it? NULL once it leaves. */
static struct spare *spare_of(const struct container *container)
{
	const struct supervisor *supervisor = container->supervisor;

	for (size_t i = 0; i < supervisor->spare_count; i++)
		if (spare_container(supervisor->spares[i]) == container)
			return supervisor->spares[i];
	return NULL;
}

bool spare_stands_in(const struct container *container)
{
	const struct spare *spare = spare_of(container);

	return spare != NULL && spare->slot != SLOT_EXTRA;
}

void spares_free(struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->spare_count; i++)
		free(supervisor->spares[i]);
	free(supervisor->spares);
}

/* --- failures --- */

/* It was well for so long that what failed before is another story. */
static void spare_calm(struct spare *spare)
{
	if (spare_container(spare) != NULL && clock_us() - spare->born_us >= CALM_US)
		spare->retry.level = 0;
}

static void spare_failed(struct spare *spare, const struct failure *failure)
{
	spare->reason = failure->reason;
	message_write(spare->message, "%s", failure->message);
	if (failure->reason != REASON_ENGINE_DOWN)
		spare_calm(spare); /* else it is the same container that is tried again */
	backoff_fail(&spare->retry, RETRY_SPARE);
	container_log(LOG_WARN, spare->container, "spare-failed", reason_text(failure->reason), failure->message);
}

static void spare_refused(struct spare *spare, const struct failure *failure)
{
	struct container *container = spare->container;

	if (container->phase == CONTAINER_CREATED && container_goes_without_port(container, failure))
		return;
	spare_failed(spare, failure);
	if (container->phase == CONTAINER_CREATED ||
	    (container->phase == CONTAINER_STARTED && !engine_in_doubt(failure->fault)))
		container_leave(container, failure->reason, LEAVE_AT_ONCE);
}

static void spare_leave(struct spare *spare, enum reason reason, enum leave_how how)
{
	container_leave(spare->container, reason, how);
	spare->container = NULL;
	spare->slot = SLOT_EXTRA;
}

static bool spare_lost(const struct container *container)
{
	if (container->backend != NULL && backend_state(container->backend) == BACKEND_DOWN)
		return true;
	return container->dead && !container->busy;
}

/* One that was killed by hand is made anew at once; one that keeps dying is not, as a slot's. */
static void spare_back_off(struct spare *spare, enum reason reason)
{
	crashes_calm(&spare->crashes, spare->born_us);
	spare->container->crash_noted = container_crashed(spare->container, reason);
	spare->retry.next_us =
	        spare->container->crash_noted ? clock_us() + crashes_note(&spare->crashes, spare->container->warm) : 0;
}

static void spare_fault(struct spare *spare)
{
	struct container *container = spare->container;
	enum reason reason = container->backend != NULL && backend_state(container->backend) == BACKEND_DOWN
	                             ? backend_reason(container->backend)
	                     : container->gone ? REASON_VANISHED
	                     : container->oom  ? REASON_OOM_KILLED
	                                       : REASON_EXITED;

	spare->reason = reason;
	container_explain(container, spare->message);
	spare_back_off(spare, reason);
	container_log(LOG_WARN, container, "spare-lost", reason_text(reason), spare->message);
	spare_leave(spare, reason, LEAVE_AT_ONCE);
}

/* Was the end of a container that it had no crash? */
static void spare_look_back(struct supervisor *supervisor, struct spare *spare)
{
	struct container *container;
	char name[ENGINE_NAME_SIZE];

	spare_name(supervisor, spare->index, name);
	TAILQ_FOREACH (container, &supervisor->containers, link) {
		if (container->slot != SLOT_EXTRA || strcmp(name, container->name) != 0 ||
		    !container_take_excuse(container))
			continue;
		crashes_pardon(&spare->crashes);
		if (spare_container(spare) == NULL)
			backoff_hurry(&spare->retry);
	}
}

static void spare_look(struct supervisor *supervisor, struct spare *spare)
{
	struct failure failure;

	spare_look_back(supervisor, spare);
	if (spare->container != NULL && container_take_failure(spare->container, &failure))
		spare_refused(spare, &failure);
	spare->container = spare_container(spare);
	if (spare->container == NULL)
		spare->slot = SLOT_EXTRA;
}

void spares_look(struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->spare_count; i++)
		spare_look(supervisor, supervisor->spares[i]);
}

/* --- pause, unpause --- */

static void pause_failed(struct container *container, const char *what, const struct engine_result *result)
{
	struct spare *spare = spare_of(container);

	container_log(LOG_WARN, container, what, engine_fault_text(result->fault), result->message);
	if (result->fault == ENGINE_NOT_FOUND) {
		container->gone = container->dead = true;
		return;
	}
	if (spare != NULL && result->fault == ENGINE_REFUSED)
		spare_calm(spare);
	if (spare != NULL)
		backoff_fail(&spare->retry, RETRY_SPARE);
	if (result->fault == ENGINE_REFUSED)
		container_leave(container, REASON_REPLACED, LEAVE_AT_ONCE);
	else
		container->supervisor->list_wanted = true; /* it may be done, with nothing more to ask for */
}

/* Some engines cannot pause at all (without control groups, say): a spare that runs on stands in as well. */
static void runs_on(struct container *container, const struct engine_result *result)
{
	struct supervisor *supervisor = container->supervisor;

	container->runs_on = true;
	if (supervisor->told_runs_on)
		return;
	supervisor->told_runs_on = true;
	log_warn("event=spare-runs-on service=%s name=%s reason=%s error=%s", supervisor->service->name,
	         container->name, engine_fault_text(result->fault), log_quote(result->message));
}

static void on_paused(struct supervisor *supervisor, struct container *container, const struct engine_result *result)
{
	(void)supervisor;
	if (container->use == CONTAINER_LEAVING)
		return;
	if (result->fault == ENGINE_REFUSED) {
		runs_on(container, result);
		return;
	}
	if (result->fault != ENGINE_OK) {
		pause_failed(container, "pause-failed", result);
		return;
	}
	container->paused = true;
	container_log(LOG_INFO, container, "spare-waits", "spare", NULL);
}

static void on_unpaused(struct supervisor *supervisor, struct container *container, const struct engine_result *result)
{
	(void)supervisor;
	if (container->use == CONTAINER_LEAVING)
		return;
	if (result->fault == ENGINE_OK)
		container->paused = false;
	else
		pause_failed(container, "unpause-failed", result);
}

static void spare_pause(struct container *container, bool pause)
{
	struct supervisor *supervisor = container->supervisor;
	const struct engine_verbs *verbs = supervisor->engine->verbs;

	if (pause)
		verbs->pause(supervisor->engine, container->id, on_call, call_begin(supervisor, container, on_paused));
	else
		verbs->unpause(supervisor->engine, container->id, on_call,
		               call_begin(supervisor, container, on_unpaused));
}

void spare_paused_outside(struct container *container, bool paused)
{
	if (container->busy || container->phase != CONTAINER_STARTED)
		return; /* our own doing, or health's to judge */
	container->paused = paused;
	supervisor_soon(container->supervisor);
}

/* --- one spare --- */

/* Is the engine to start a slot's container now? That comes first. */
static bool slots_pending(const struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->slot_count; i++) {
		const struct slot *slot = supervisor->slots[i];
		const struct container *container = slot_current(slot);

		if (slot->live && backoff_due(&slot->retry) &&
		    (container == NULL || container->backend == NULL ||
		     backend_state(container->backend) == BACKEND_STARTING))
			return true;
	}
	return false;
}

static void spare_make(struct supervisor *supervisor, struct spare *spare)
{
	char name[ENGINE_NAME_SIZE];

	spare_name(supervisor, spare->index, name);
	if (!supervisor->prepared || name_in_use(supervisor, name) || slots_pending(supervisor) ||
	    !roll_settled(supervisor))
		return; /* a step comes when that changes; a revision is tried by a roll, not by spares */
	spare->container = container_new(supervisor, CONTAINER_SPARE, SLOT_EXTRA);
	spare->born_us = clock_us();
	container_create(spare->container, name, spare_port(supervisor, spare->index));
}

/* Has its backend served its turn? Then the container has none, and is as it was when it had just started. */
static void spare_retire_backend(struct container *container)
{
	container_retire_backend(container, REASON_SPARE);
	container->phase = CONTAINER_STARTED;
	container->supervisor->again = true;
}

static void spare_drain(struct container *container)
{
	if (backend_state(container->backend) == BACKEND_READY)
		(void)container_drain(container, REASON_SPARE);
	if (backend_state(container->backend) == BACKEND_STARTING)
		spare_retire_backend(container); /* it was not needed after all: shows now that it is well */
	else if (backend_state(container->backend) == BACKEND_DRAINING && container_drained(container))
		spare_retire_backend(container);
}

static void spare_serving(struct spare *spare)
{
	struct container *container = spare->container;
	bool ready = backend_state(container->backend) == BACKEND_READY;

	container->warm |= ready;
	if (spare->slot != SLOT_EXTRA && !container->in_fleet)
		spare_retire_backend(container); /* its next one is a member: requests held are told when it is ready */
	else if (spare->slot != SLOT_EXTRA && ready && !spare->told)
		stand_in_settle(spare);
	else if (spare->slot == SLOT_EXTRA && container->in_fleet)
		spare_drain(container);
	else if (spare->slot == SLOT_EXTRA && ready)
		spare_retire_backend(container);
}

static void spare_started(const struct spare *spare)
{
	struct container *container = spare->container;
	bool stands_in = spare->slot != SLOT_EXTRA;

	if (container->paused && stands_in)
		spare_pause(container, false);
	else if (!container->paused && (stands_in || !container->warm))
		container_locate(container);
	else if (!container->paused && !container->runs_on)
		spare_pause(container, true);
}

static void spare_advance(struct spare *spare)
{
	struct container *container = spare->container;

	if (container->busy)
		return;
	switch (container->phase) {
	case CONTAINER_NEW:
		break;
	case CONTAINER_CREATED:
		if (!slots_pending(container->supervisor) && !container_port_leaves(container))
			container_start(container);
		break;
	case CONTAINER_STARTED:
		spare_started(spare);
		break;
	case CONTAINER_SERVING:
		spare_serving(spare);
		break;
	}
}

bool spare_fits(const struct supervisor *supervisor, const struct spare *spare)
{
	return spare->index < supervisor->service->scale.spares &&
	       spare->container->host_port == spare_port(supervisor, spare->index);
}

/* One that stands in may be the only one that serves, and stays until its slot does; unless that cannot for want of the
 * port. */
static bool holds_its_slots_port(const struct supervisor *supervisor, const struct spare *spare)
{
	int port = spare->container->host_port;

	return port != 0 && port == revision_port(revisions_for_slots(supervisor), spare->slot);
}

/* Too many, on a port that is another's now, or made from what is not the newest? */
static bool spare_unwanted(struct supervisor *supervisor, const struct spare *spare)
{
	const struct container *container = spare->container;

	if (container->backend != NULL && backend_state(container->backend) == BACKEND_DRAINING)
		return false;
	if (spare->slot != SLOT_EXTRA)
		return holds_its_slots_port(supervisor, spare);
	if (!spare_fits(supervisor, spare))
		return true;
	return container_stale(container) && roll_settled(supervisor);
}

static void spare_step(struct supervisor *supervisor, struct spare *spare)
{
	if (spare_container(spare) != NULL && spare_lost(spare->container))
		spare_fault(spare);
	if (spare_container(spare) != NULL && supervisor->engine_up && spare_unwanted(supervisor, spare))
		spare_leave(spare, container_stale(spare->container) ? REASON_ROLL : REASON_SCALE_DOWN,
		            LEAVE_AFTER_DRAIN);
	if (!supervisor->engine_up ||
	    (spare_container(spare) == NULL && spare->index >= supervisor->service->scale.spares))
		return;
	if (!backoff_due(&spare->retry))
		supervisor_wake(supervisor, spare->retry.next_us);
	else if (spare_container(spare) == NULL)
		spare_make(supervisor, spare);
	else
		spare_advance(spare);
}

void spares_step(struct supervisor *supervisor)
{
	if (supervisor->service->scale.spares > 0)
		(void)spare_at(supervisor, (int)supervisor->service->scale.spares - 1);
	stand_ins_assign(supervisor);
	for (size_t i = 0; i < supervisor->spare_count; i++)
		spare_step(supervisor, supervisor->spares[i]);
}

/* --- found in the engine's list --- */

struct spare *spare_free_for(struct supervisor *supervisor, const char *name)
{
	char own[ENGINE_NAME_SIZE];

	for (int i = 0; i < supervisor->service->scale.spares; i++) {
		spare_name(supervisor, i, own);
		if (strcmp(name, own) == 0)
			return spare_container(spare_at(supervisor, i)) == NULL ? supervisor->spares[i] : NULL;
	}
	return NULL;
}

void spare_adopt(struct spare *spare, struct container *container, enum engine_state state)
{
	spare->container = container;
	spare->born_us = clock_us();
	container->paused = container->warm = state == ENGINE_PAUSED;
	if (state != ENGINE_CREATED)
		container->phase = CONTAINER_STARTED;
	container_log(LOG_INFO, container, "spare-adopted", container_stale(container) ? "roll" : "none", NULL);
}
