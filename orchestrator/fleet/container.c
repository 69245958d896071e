/* container: its life, its backend, and what is noted on it. */
#include "orchestrator/fleet/container.h"

#include "common/clock.h"
#include "common/container_of.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/base/excerpt.h"
#include "orchestrator/fleet/health.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- all of them ----------------------------------------------------------------------------------------------- */

void harbour_init(struct harbour *harbour, struct lists *lists)
{
	LIST_INIT(&harbour->services);
	harbour->calls = calls_new();
	harbour->sources = address_set_new();
	harbour->lists = lists;
}

void harbour_clear(struct harbour *harbour)
{
	assert(LIST_EMPTY(&harbour->services));
	calls_free(harbour->calls);
	address_set_free(harbour->sources);
}

/* Slots from 0 up, spares from -2 down, -1: neither. */
static int place_number(int slot, int spare)
{
	return slot != SLOT_NONE ? slot : SPARE_NONE - 1 - spare;
}

/* What all services share knows it no more. */
static void leave_shared(struct container *container)
{
	sources_forget(container->all->harbour->sources, &container->sources);
	container_set_port(container, 0);
	cells_remove(&container->at_place);
}

void containers_init(struct containers *all)
{
	TAILQ_INIT(&all->all);
	LIST_INSERT_HEAD(&all->harbour->services, all, link);
}

void containers_clear(struct containers *all)
{
	struct container *container;

	LIST_REMOVE(all, link);
	calls_forget(all->harbour->calls, all->step);
	while ((container = TAILQ_FIRST(&all->all)) != NULL) {
		TAILQ_REMOVE(&all->all, container, link);
		leave_shared(container);
		if (container->backend != NULL)
			backend_unref(container->backend);
		revision_unref(container->revision);
		free(container);
	}
}

void containers_configure(struct containers *all, const struct config *config, const struct config_service *service)
{
	all->config = config;
	all->service = service;
}

void containers_set_engine(struct containers *all, bool up)
{
	all->engine_up = up;
}

void containers_set_following(struct containers *all, bool following)
{
	all->following = following;
}

bool containers_may_act(const struct containers *all)
{
	return all->engine_up && !all->following;
}

bool containers_look_on(const struct containers *all)
{
	return all->following || (!all->engine_up && all->engine->can->elects);
}

void containers_want_list(struct containers *all)
{
	lists_want(all->harbour->lists);
}

bool containers_take_shared_lost(struct containers *all)
{
	bool lost = all->shared_lost;

	all->shared_lost = false;
	return lost;
}

/* --- one ------------------------------------------------------------------------------------------------------- */

struct container *container_new(struct containers *all, const struct container_place *place)
{
	struct container *container = mem_zero(sizeof(*container));

	container->all = all;
	container->revision = revision_ref(place->revision);
	container->slot = place->slot;
	container->spare = place->spare;
	container->ahead = place->ahead;
	container->runs_on = !all->engine->can->pause;
	container->exit_code = -1;
	container->call.at_us = clock_us();
	TAILQ_INSERT_TAIL(&all->all, container, link);
	cells_put(&all->by_place, &container->at_place, place_number(place->slot, place->spare));
	return container;
}

struct container *container_found(struct containers *all, const struct container_place *place,
                                  const struct engine_container *listed, bool known)
{
	struct container *container = container_new(all, place);

	container->unknown = !known;
	excerpt_write(container->found_image, sizeof(container->found_image), "%s", listed->image);
	snprintf(container->id, sizeof(container->id), "%s", listed->id);
	snprintf(container->identity, sizeof(container->identity), "%s", listed->identity);
	snprintf(container->name, sizeof(container->name), "%s", listed->name);
	container_set_port(container, listed->host_port);
	container->address = listed->address;
	container->late_network = listed->no_network;
	container->phase = CONTAINER_CREATED;
	container->seen = true;
	container->may_run = listed->state != ENGINE_CREATED && listed->state != ENGINE_EXITED;
	container->dead = listed->state == ENGINE_EXITED;
	return container;
}

/* A container without a network is in the middle of a start that was cut short: it is started once more. */
void container_adopt_running(struct container *container, const struct engine_container *listed)
{
	container->phase = listed->no_network ? CONTAINER_CREATED : CONTAINER_STARTED;
	container->adopted = true;
	container->running_ms = listed->running_ms;
}

void container_recognize(struct container *container, struct revision *revision)
{
	revision_unref(container->revision);
	container->revision = revision_ref(revision);
	container->unknown = false;
}

void container_note_running(struct container *container, int64_t running_ms)
{
	container->adopted = true;
	if (container->running_ms < running_ms)
		container->running_ms = running_ms;
}

void container_adopt_spare(struct container *container, const struct engine_container *listed)
{
	container->paused = listed->state == ENGINE_PAUSED;
	if (listed->state != ENGINE_CREATED)
		container->phase = CONTAINER_STARTED;
}

/* A name and a port have become free. */
static void wake_others(const struct harbour *harbour)
{
	struct containers *other;

	LIST_FOREACH (other, &harbour->services, link)
		if (other->awaits_other) {
			other->awaits_other = false;
			step_soon(other->step);
		}
}

void container_free(struct container *container)
{
	assert(!container->call.busy && container->backend == NULL);
	TAILQ_REMOVE(&container->all->all, container, link);
	leave_shared(container);
	wake_others(container->all->harbour);
	revision_unref(container->revision);
	free(container);
}

struct container *container_by_id(struct containers *all, const char *id)
{
	struct container *container;

	TAILQ_FOREACH (container, &all->all, link)
		if (container->id[0] != '\0' && strcmp(container->id, id) == 0)
			return container;
	return NULL;
}

void container_set_port(struct container *container, int host_port)
{
	if (container->host_port != 0)
		cells_remove(&container->at_port);
	container->host_port = host_port;
	if (host_port != 0)
		cells_put(&container->all->harbour->by_port, &container->at_port, host_port);
}

struct container *container_in_place(const struct containers *all, int slot, int spare, const struct container *behind)
{
	struct cells_entry *entry =
	        behind != NULL ? cells_next(&behind->at_place) : cells_first(&all->by_place, place_number(slot, spare));

	return entry != NULL ? container_of(entry, struct container, at_place) : NULL;
}

struct container *container_on_port(const struct harbour *harbour, int host_port, const struct container *behind)
{
	struct cells_entry *entry =
	        behind != NULL ? cells_next(&behind->at_port) : cells_first(&harbour->by_port, host_port);

	return entry != NULL ? container_of(entry, struct container, at_port) : NULL;
}

const char *container_image(const struct container *container)
{
	const char *image = container->unknown ? container->found_image : container->revision->spec.image;

	return image != NULL ? image : "";
}

void container_take_up(struct container *container)
{
	container->ahead = false;
}

void container_set_unwanted(struct container *container)
{
	container->unwanted = true;
	container->kept = false;
}

void container_keep(struct container *container)
{
	container->kept |= container->unwanted;
	container->unwanted = false;
}

void container_blame(struct container *container)
{
	container->crash_noted = true;
}

bool container_ready(const struct container *container)
{
	return container != NULL && container->backend != NULL && backend_state(container->backend) == BACKEND_READY;
}

bool container_starting(const struct container *container)
{
	return container->phase == CONTAINER_CREATED && container->call.busy;
}

bool container_lost(const struct container *container)
{
	if (container->backend != NULL && backend_state(container->backend) == BACKEND_DOWN)
		return true;
	return container->backend == NULL && container->dead && !container->call.busy;
}

/* --- its story ------------------------------------------------------------------------------------------------- */

void container_join(struct container *container, const struct incident *incident)
{
	container->incident = *incident;
}

void container_end_incident(struct container *container)
{
	incident_end(&container->incident);
}

const struct incident *container_incident(const struct container *container)
{
	if (!container->leaving && !incident_open(&container->incident) && container->backend != NULL &&
	    incident_open(backend_incident(container->backend)))
		return backend_incident(container->backend);
	return &container->incident;
}

void container_log(int level, const struct container *container, const char *event, const char *reason,
                   const char *error)
{
	char detail[WORDS_SIZE + 64] = "";

	if (error != NULL && error[0] != '\0')
		snprintf(detail, sizeof(detail), " error=%s", log_quote(error));
	log_line((enum log_level)level, "event=%s service=%s slot=%d container=%.12s name=%s reason=%s incident=%s%s",
	         event, container->all->service->name, container->slot, container->id[0] != '\0' ? container->id : "-",
	         container->name, reason, incident_text(container_incident(container)), detail);
}

/* --- what is noted on it --------------------------------------------------------------------------------------- */

void container_fail(struct container *container, enum container_verb verb, const struct engine_result *result,
                    enum reason otherwise)
{
	if (container->leaving)
		return;
	container->failure.verb = verb;
	container->failure.reason = reason_of(result->fault, otherwise);
	container->failure.fault = result->fault;
	container->failure.remake = result->remake;
	excerpt_write(container->failure.message, sizeof(container->failure.message), "%s", result->message);
}

bool container_take_failure(struct container *container, struct failure *failure)
{
	bool left = container->leaving && container->phase != CONTAINER_NEW;

	if (container->failure.verb == CONTAINER_NONE || left)
		return false;
	*failure = container->failure;
	container->failure.verb = CONTAINER_NONE;
	return true;
}

bool container_take_excuse(struct container *container)
{
	if (!container->excused || !container->crash_noted)
		return false;
	container->crash_noted = false;
	return true;
}

bool container_take_heard(struct container *container)
{
	bool heard = container->heard_untold;

	container->heard_untold = false;
	return heard;
}

void container_evict(struct container *container)
{
	if (container->leaving || container->dead)
		return;
	container->evicted = container->by_hand = true;
	step_soon(container->all->step);
}

/* A start that is in flight may be refused, and the engine's own undoing of it looks like a death: its answer says so, and
 * only then was a port of ours freed. */
void container_died(struct container *container, enum reason reason)
{
	if (container->may_run && !container_starting(container))
		container->ended_us = clock_us();
	container->may_run = false;
	container->dead = true;
	sources_forget(container->all->harbour->sources, &container->sources);
	if (container->leaving && container->retry.level == 0)
		backoff_hurry(&container->retry); /* this was waited for */
	if (container->backend != NULL)
		health_engine_died(container->backend, reason);
	step_soon(container->all->step);
}
