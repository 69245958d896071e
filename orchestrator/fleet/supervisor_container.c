/* supervisor_container: one container from create to the moment it serves.
 *
 *   NEW --create--> CREATED --start--> STARTED --address known--> SERVING (backend made, health watches)
 *
 * Answers only change the container and, where the engine refuses, tell its slot; what comes next is the step's to
 * decide. Invariant: an id is there from CREATED on; a backend only while the container is a member of the fleet.
 */
#include "orchestrator/fleet/supervisor_private.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct container *container_new(struct supervisor *supervisor, enum container_use use, int slot)
{
	struct container *container = mem_zero(sizeof(*container));

	container->supervisor = supervisor;
	container->use = use;
	container->slot = slot;
	container->revision =
	        slot == SLOT_EXTRA ? supervisor->revision->number : revisions_for_slots(supervisor)->number;
	container->exit_code = -1;
	container->touched_us = clock_us();
	TAILQ_INSERT_TAIL(&supervisor->containers, container, link);
	return container;
}

/* A name and a port have become free. */
static void wake_others(const struct supervisor *supervisor)
{
	struct supervisor *other;

	TAILQ_FOREACH (other, supervisor->all, link)
		if (other->awaits_other) {
			other->awaits_other = false;
			supervisor_soon(other);
		}
}

void container_free(struct container *container)
{
	assert(!container->busy && container->backend == NULL);
	TAILQ_REMOVE(&container->supervisor->containers, container, link);
	wake_others(container->supervisor);
	free(container);
}

struct container *container_by_id(struct supervisor *supervisor, const char *id)
{
	struct container *container;

	TAILQ_FOREACH (container, &supervisor->containers, link)
		if (container->id[0] != '\0' && strcmp(container->id, id) == 0)
			return container;
	return NULL;
}

static bool has_name(const struct supervisor *supervisor, const char *name)
{
	const struct container *container;

	TAILQ_FOREACH (container, &supervisor->containers, link)
		if (!container->gone && strcmp(container->name, name) == 0)
			return true;
	return false;
}

bool name_in_use(struct supervisor *supervisor, const char *name)
{
	const struct supervisor *other;

	if (has_name(supervisor, name))
		return true;
	TAILQ_FOREACH (other, supervisor->all, link)
		if (has_name(other, name)) {
			supervisor->awaits_other = true;
			return true;
		}
	return false;
}

/* One that leaves has its port until it is removed; if that fails, whoever wants the port tries, and says why not. */
static bool holds_port(const struct container *container)
{
	if (container->use == CONTAINER_LEAVING)
		return (container->may_run || container->dead) && !container->gone && container->retry.level == 0;
	return container->may_run;
}

/* spared: a slot whose containers do not count; SLOT_EXTRA: none. */
static const struct container *holder_in(const struct supervisor *supervisor, int port, int spared)
{
	const struct container *container;

	TAILQ_FOREACH (container, &supervisor->containers, link)
		if (container->host_port == port && (container->slot != spared || spared == SLOT_EXTRA) &&
		    holds_port(container))
			return container;
	return NULL;
}

const struct container *port_holder(struct supervisor *supervisor, int port, int slot)
{
	const struct container *holder = NULL;
	const struct supervisor *other;

	if (port == 0)
		return NULL;
	holder = holder_in(supervisor, port, slot);
	if (holder != NULL)
		return holder;
	TAILQ_FOREACH (other, supervisor->all, link)
		if (other != supervisor && holder == NULL)
			holder = holder_in(other, port, SLOT_EXTRA);
	supervisor->awaits_other |= holder != NULL;
	return holder;
}

bool container_port_leaves(const struct container *container)
{
	const struct container *holder = port_holder(container->supervisor, container->host_port, container->slot);

	return holder != NULL && (holder->use == CONTAINER_LEAVING || holder->supervisor != container->supervisor);
}

bool container_stale(const struct container *container)
{
	return container->revision != container->supervisor->revision->number || container->unwanted;
}

static struct slot *slot_of(const struct container *container)
{
	return container->slot == SLOT_EXTRA ? NULL : supervisor_slot_of(container->supervisor, container->slot);
}

const struct incident *container_incident(const struct container *container)
{
	struct slot *slot = slot_of(container);

	if (container->use == CONTAINER_LEAVING)
		return &container->incident;
	if (slot != NULL && slot->current == container && incident_open(&slot->incident))
		return &slot->incident;
	if (container->backend != NULL && incident_open(backend_incident(container->backend)))
		return backend_incident(container->backend);
	return &container->incident; /* of a spare: its slot's */
}

void container_log(int level, const struct container *container, const char *event, const char *reason,
                   const char *error)
{
	char detail[SUPERVISOR_MESSAGE_SIZE + 64] = "";

	if (error != NULL && error[0] != '\0')
		snprintf(detail, sizeof(detail), " error=%s", log_quote(error));
	log_line((enum log_level)level, "event=%s service=%s slot=%d container=%.12s name=%s reason=%s incident=%s%s",
	         event, container->supervisor->service->name, container->slot,
	         container->id[0] != '\0' ? container->id : "-", container->name, reason,
	         incident_text(container_incident(container)), detail);
}

/* --- failures --- */

static const struct {
	enum engine_fault fault;
	enum reason reason;
} fault_reasons[] = {
        {ENGINE_NAME_TAKEN, REASON_NAME_TAKEN},   {ENGINE_PORT_TAKEN, REASON_PORT_TAKEN},
        {ENGINE_PORT_LOST, REASON_PORT_TAKEN},    {ENGINE_NO_IMAGE, REASON_NO_IMAGE},
        {ENGINE_UNREACHABLE, REASON_ENGINE_DOWN}, {ENGINE_TIMEOUT, REASON_ENGINE_DOWN},
};

enum reason reason_of(enum engine_fault fault, enum reason otherwise)
{
	for (size_t i = 0; i < sizeof(fault_reasons) / sizeof(fault_reasons[0]); i++)
		if (fault_reasons[i].fault == fault)
			return fault_reasons[i].reason;
	return otherwise;
}

static void container_fail(struct container *container, enum engine_fault fault, enum reason reason,
                           const char *message)
{
	if (container->use == CONTAINER_LEAVING)
		return;
	container->failure.fault = fault;
	container->failure.remake = false;
	container->failure.reason = reason;
	message_write(container->failure.message, "%s", message);
}

bool container_take_failure(struct container *container, struct failure *failure)
{
	bool left = container->use == CONTAINER_LEAVING && container->phase != CONTAINER_NEW;

	if (container->failure.reason == REASON_NONE || left)
		return false;
	*failure = container->failure;
	container->failure.reason = REASON_NONE;
	return true;
}

/* There is nothing (known) to remove. */
static void container_unmade(struct container *container)
{
	container->use = CONTAINER_LEAVING;
	supervisor_soon(container->supervisor);
}

/* --- create --- */

/* The network or a volume may have gone; of a network an engine says so only at the start. */
static void prepare_again_if(struct supervisor *supervisor, enum engine_fault fault)
{
	if (fault == ENGINE_REFUSED)
		supervisor->prepared = false;
}

static void on_created(struct supervisor *supervisor, struct container *container, const struct engine_result *result)
{
	if (result->fault == ENGINE_OK) {
		snprintf(container->id, sizeof(container->id), "%s", result->id);
		container->phase = CONTAINER_CREATED;
		container->late_network = result->no_network;
		container_log(LOG_INFO, container, "created", "none", NULL);
		return;
	}
	container_fail(container, result->fault, reason_of(result->fault, REASON_CREATE_FAILED), result->message);
	if (engine_in_doubt(result->fault) || result->fault == ENGINE_NAME_TAKEN)
		supervisor->list_wanted = true;
	prepare_again_if(supervisor, result->fault);
	container_unmade(container);
}

static struct engine_place place_of(const struct container *container)
{
	return (struct engine_place){
	        .name = container->name,
	        .slot = container->slot,
	        .host_port = container->host_port,
	        .late_network = container->late_network,
	};
}

void container_create(struct container *container, const char *name, int host_port)
{
	struct supervisor *supervisor = container->supervisor;
	struct engine_place place;

	assert(container->phase == CONTAINER_NEW);
	snprintf(container->name, sizeof(container->name), "%s", name);
	container->host_port = host_port;
	container->late_network = supervisor->service->late_network && container->slot != SLOT_EXTRA;
	place = place_of(container);
	supervisor->engine->verbs->create(supervisor->engine, &revisions_of(container)->spec, &place, on_call,
	                                  call_begin(supervisor, container, on_created));
}

/* --- start --- */

/* Another one, made in its place, can do without a port that nobody will have before the engine is started again. */
bool container_goes_without_port(struct container *container, const struct failure *failure)
{
	if (!failure->remake)
		return false;
	container_log(LOG_WARN, container, "port-lost", reason_text(REASON_PORT_TAKEN), failure->message);
	container_leave(container, REASON_PORT_TAKEN, LEAVE_AT_ONCE);
	return true;
}

static void start_refused(struct container *container, const struct engine_result *result)
{
	container->may_run = engine_in_doubt(result->fault);
	container->adopted &= container->may_run;
	container_fail(container, result->fault, reason_of(result->fault, REASON_START_FAILED), result->message);
	container->failure.remake = result->remake;
	prepare_again_if(container->supervisor, result->fault);
}

static void on_started(struct supervisor *supervisor, struct container *container, const struct engine_result *result)
{
	(void)supervisor;
	if (container->use == CONTAINER_LEAVING)
		return;
	if (result->fault == ENGINE_OK) {
		container->phase = CONTAINER_STARTED;
		container->address = result->address;
		container_log(LOG_INFO, container, "started", "none", NULL);
		if (container->dead) /* its die event came first: the step looks */
			container->ended_us = clock_us();
		return;
	}
	container->dead = container->by_hand = false; /* a failed start may have looked like a death */
	container->signalled_us = 0;
	if (result->fault == ENGINE_NOT_FOUND) {
		container->gone = true; /* somebody removed it: the slot takes another one */
		container_leave(container, REASON_VANISHED, LEAVE_AT_ONCE);
	} else {
		start_refused(container, result);
	}
}

void container_start(struct container *container)
{
	struct supervisor *supervisor = container->supervisor;
	struct engine_place place = place_of(container);

	assert(container->phase == CONTAINER_CREATED);
	container->may_run = true;
	container->exited = false;
	supervisor->engine->verbs->start(supervisor->engine, &revisions_of(container)->spec, &place, container->id,
	                                 on_call, call_begin(supervisor, container, on_started));
}

/* --- address, then serving --- */

static void container_serve(struct container *container)
{
	struct supervisor *supervisor = container->supervisor;

	container->phase = CONTAINER_SERVING;
	container->backend =
	        backend_new(fleet_group(supervisor->fleet), container->slot, container->id, &container->address);
	container->serial = backend_serial(container->backend);
	if (container->adopted)
		backend_set_state(container->backend, BACKEND_STARTING, REASON_ADOPTED);
	backend_join_incident(container->backend, container_incident(container));
	container->in_fleet = container->use != CONTAINER_SPARE || spare_stands_in(container);
	if (container->in_fleet)
		fleet_add(supervisor->fleet, container->backend);
	if (container->adopted)
		health_watch_running(supervisor->health, container->backend, container->running_ms);
	else
		health_watch(supervisor->health, container->backend);
}

static void on_inspected(struct supervisor *supervisor, struct container *container, const struct engine_result *result)
{
	if (container->use == CONTAINER_LEAVING)
		return;
	if (result->fault == ENGINE_OK && result->address.len > 0) {
		container->address = result->address;
		container_serve(container);
	} else if (result->fault == ENGINE_OK && result->state == ENGINE_EXITED) {
		container->exit_code = result->exit_code;
		container->oom = result->oom_killed;
		container_died(container, result->oom_killed ? REASON_OOM_KILLED : REASON_EXITED);
	} else if (engine_in_doubt(result->fault)) {
		supervisor->list_wanted = true;
		container_fail(container, result->fault, REASON_ENGINE_DOWN, result->message);
	} else {
		container_fail(container, result->fault, REASON_START_FAILED,
		               result->fault == ENGINE_OK ? "it has no address" : result->message);
	}
}

void container_locate(struct container *container)
{
	struct supervisor *supervisor = container->supervisor;

	assert(container->phase == CONTAINER_STARTED);
	if (container->address.len > 0)
		container_serve(container);
	else
		supervisor->engine->verbs->inspect(supervisor->engine, container->id, on_call,
		                                   call_begin(supervisor, container, on_inspected));
}

void container_retire_backend(struct container *container, enum reason reason)
{
	struct backend *backend = container->backend;

	if (backend == NULL)
		return;
	container->backend = NULL;
	if (backend_state(backend) != BACKEND_DOWN)
		backend_set_state(backend, BACKEND_DOWN, reason);
	health_unwatch(backend);
	if (container->in_fleet)
		fleet_remove(container->supervisor->fleet, backend);
	container->in_fleet = false;
	backend_unref(backend);
}

/* --- rename --- */

static void on_renamed(struct supervisor *supervisor, struct container *container, const struct engine_result *result)
{
	struct slot *slot = slot_of(container);

	if (result->fault == ENGINE_OK && slot != NULL)
		backoff_reset(&slot->rename);
	if (result->fault == ENGINE_OK || slot == NULL)
		return;
	/* The service is not hurt: only the name is not what it should be. The next list says what it is. */
	snprintf(container->name, sizeof(container->name), "%s_%d.next", revisions_of(container)->spec.service,
	         slot->index);
	backoff_fail(&slot->rename, RETRY_RENAME);
	supervisor->list_wanted |= engine_in_doubt(result->fault);
	container_log(LOG_WARN, container, "rename-failed", engine_fault_text(result->fault), result->message);
}

void container_rename(struct container *container, const char *name)
{
	struct supervisor *supervisor = container->supervisor;

	snprintf(container->name, sizeof(container->name), "%s", name);
	supervisor->engine->verbs->rename(supervisor->engine, container->id, container->name, on_call,
	                                  call_begin(supervisor, container, on_renamed));
}
