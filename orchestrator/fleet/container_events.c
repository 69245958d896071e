/* container_events: the engine's word, written on the container.
 *
 * A list is old news about a container that something happened to since it was asked for.
 */
#include "orchestrator/fleet/container_events.h"

#include "common/clock.h"
#include "common/log.h"
#include "orchestrator/fleet/container_ends.h"
#include "orchestrator/fleet/container_leave.h"
#include "orchestrator/fleet/health.h"

#include <stdio.h>

void container_note_sources(struct container *container, const struct engine_sources *sources)
{
	if (container->may_run && !container->dead)
		sources_change(container->all->harbour->sources, &container->sources, sources);
}

/* For the requests that were on it. */
static void note_end(const struct container *container, bool killed)
{
	for (size_t i = 0; i < container->serial_count && i < CONTAINER_SERIALS; i++)
		fleet_note_end(container->all->fleet, container->serials[i], killed);
}

static void container_vanished(struct container *container)
{
	container->gone = true;
	if (container->all->engine->can->gone_ended)
		note_end(container, !container->leaving);
	container_died(container, REASON_VANISHED);
}

/* Told where it is news: not what we asked for, nor what follows from it. */
static void event_log(struct container *container, const struct engine_event *event)
{
	static const char *const texts[] = {
	        [ENGINE_EVENT_DIE] = "die",         [ENGINE_EVENT_KILL] = NULL,    [ENGINE_EVENT_EXIT] = NULL,
	        [ENGINE_EVENT_EVICT] = NULL, /* what becomes of that is told */
	        [ENGINE_EVENT_OOM] = "oom",         [ENGINE_EVENT_START] = NULL,   [ENGINE_EVENT_PAUSE] = "pause",
	        [ENGINE_EVENT_UNPAUSE] = "unpause", [ENGINE_EVENT_SOURCES] = NULL, [ENGINE_EVENT_DESTROY] = "destroy",
	        [ENGINE_EVENT_MOVED] = "moved",
	};
	bool ours = container->leaving ? !container->faulty : container->spare != SPARE_NONE && !container->in_fleet;
	bool died = event->type == ENGINE_EVENT_DIE;

	if (texts[event->type] == NULL || ours)
		return;
	if (container->backend != NULL && event->type != ENGINE_EVENT_UNPAUSE)
		backend_open_incident(container->backend);
	log_info(
	        "event=engine-event service=%s slot=%d container=%.12s name=%s reason=%s exit_code=%d signal=%d incident=%s",
	        container->all->service->name, container->slot, container->id, container->name, texts[event->type],
	        died ? event->exit_code : -1, died ? container_signal(container) : 0,
	        incident_text(container_incident(container)));
}

/* By somebody else: one made ahead, or one that had ended and is on its way out. Our own starts are told late at times;
 * then this kills what is dead already. */
static void started_outside(struct container *container)
{
	if (!container->ahead && (!container->leaving || container->may_run))
		return;
	container->may_run = true;
	container->dead = container->exited = false;
	container->started_outside = true;
	if (container->leaving)
		container_kill(container);
	step_soon(container->all->step);
}

/* A spare that waits: what it is doing now is our own doing where a call is in flight, and health's to judge where it
 * serves. */
static void note_paused(struct container *container, bool paused)
{
	if (container->spare == SPARE_NONE || container->leaving || container->call.busy ||
	    container->phase != CONTAINER_STARTED)
		return;
	container->paused = paused;
	step_soon(container->all->step);
}

static void paused_outside(struct container *container)
{
	note_paused(container, true);
	if (container->backend != NULL)
		health_engine_doubt(container->backend, REASON_PAUSED);
}

static void die(struct container *container, int exit_code)
{
	if (container->phase == CONTAINER_CREATED && !container->call.busy && !container->may_run)
		return; /* late news of a start that was refused */
	container_note_exit(container, exit_code);
	note_end(container, container_ended_by_hand(container));
	container_died(container, container->oom ? REASON_OOM_KILLED : REASON_EXITED);
}

/* Whatever is still at its old address is not it. */
static void moved(struct container *container, const struct address *address)
{
	if (container->leaving || container->dead || container->phase < CONTAINER_STARTED)
		return;
	container->address = *address;
	backoff_reset(&container->retry);
	if (container->phase == CONTAINER_SERVING)
		container_rest(container, REASON_EXITED);
	step_soon(container->all->step);
}

bool containers_event(struct containers *all, const struct engine_event *event)
{
	struct container *container = container_by_id(all, event->id);

	if (container == NULL)
		return false;
	container->call.at_us = clock_us();
	event_log(container, event);
	switch (event->type) {
	case ENGINE_EVENT_DIE:
		die(container, event->exit_code);
		break;
	case ENGINE_EVENT_KILL:
		if (!container_starting(container))
			container_note_signal(container, event->signal);
		break;
	case ENGINE_EVENT_EVICT:
		container_evict(container);
		break;
	case ENGINE_EVENT_EXIT: /* what serves is judged by its probes, and by its die event */
		container->exited = true;
		step_soon(all->step);
		break;
	case ENGINE_EVENT_OOM:
		container->oom = true;
		container->oom_us = clock_us();
		if (container->backend != NULL)
			health_engine_doubt(container->backend, REASON_OOM_KILLED);
		break;
	case ENGINE_EVENT_PAUSE:
		paused_outside(container);
		break;
	case ENGINE_EVENT_START:
		started_outside(container);
		break;
	case ENGINE_EVENT_UNPAUSE: /* the next probe sees it */
		note_paused(container, false);
		break;
	case ENGINE_EVENT_SOURCES:
		container_note_sources(container, event->sources);
		break;
	case ENGINE_EVENT_MOVED:
		moved(container, event->address);
		break;
	case ENGINE_EVENT_DESTROY:
		container_vanished(container);
		break;
	}
	return true;
}

/* --- the list -------------------------------------------------------------------------------------------------- */

void containers_look_for(struct containers *all)
{
	struct container *container;

	TAILQ_FOREACH (container, &all->all, link)
		container->seen = false;
}

void container_listed(struct container *container, const struct engine_container *listed, int64_t asked_us)
{
	container->seen = true;
	if (container->call.at_us > asked_us || container->call.busy)
		return;
	snprintf(container->name, sizeof(container->name), "%s", listed->name);
	switch (listed->state) {
	case ENGINE_EXITED:
	case ENGINE_OTHER:
		container->exited |= container->ahead;
		if (container->may_run)
			container_died(container, REASON_EXITED);
		break;
	case ENGINE_EVICTED:
		container_evict(container);
		break;
	case ENGINE_PAUSED:
		paused_outside(container);
		container_note_sources(container, &listed->sources);
		break;
	case ENGINE_RUNNING:
		note_paused(container, false);
		started_outside(container);
		container_note_sources(container, &listed->sources);
		break;
	case ENGINE_CREATED:
		break;
	}
}

void containers_miss(struct containers *all, int64_t asked_us)
{
	struct container *container;

	TAILQ_FOREACH (container, &all->all, link)
		if (container->id[0] != '\0' && !container->seen && !container->call.busy && !container->gone &&
		    container->call.at_us <= asked_us)
			container_vanished(container);
}
