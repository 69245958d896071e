/* supervisor_leave: a container's way out.
 *
 *   scale-down, roll:   DRAIN -> STOP ---------------------> REMOVE -> freed
 *   fault:              KILL (unless dead) -> INSPECT -> LOGS -> REMOVE
 *   never started:      REMOVE
 *
 * A faulty container is killed before anything else, because its slot waits for the port. One that seems to have died is
 * killed only if the engine does not say so soon: a kill holds up what the engine has to do for the dead one. How it
 * ended, what it said, and its removal come when the slot serves again (or after a second): the engine shall have nothing
 * else to do while it starts the replacement. Invariant: whose container it was lets go of it in the next step (and
 * takes none that leaves for his own meanwhile), and it is kept until the engine says that it is gone.
 */
#include "orchestrator/fleet/supervisor_private.h"

#include "common/clock.h"
#include "common/log.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define LAST_LINES 20
#define AFTERMATH_US 1000000

bool container_drain(struct container *container, enum reason reason)
{
	struct backend *backend = container->backend;

	if (backend == NULL || (backend_state(backend) != BACKEND_READY && backend_state(backend) != BACKEND_SUSPECT))
		return false;
	container->drain_until_us = clock_us() + container->supervisor->config->drain_ms * 1000;
	backend_set_state(backend, BACKEND_DRAINING, reason);
	return true;
}

/* Its process is gone, by all appearance: the engine's event is on its way. */
static bool looks_dead(enum reason reason)
{
	return reason == REASON_PROBE_RESET || reason == REASON_PROBE_REFUSED;
}

void container_leave(struct container *container, enum reason reason, enum leave_how how)
{
	if (container->use == CONTAINER_LEAVING)
		return;
	container->incident = *container_incident(container);
	container->use = CONTAINER_LEAVING;
	container->reason = reason;
	container_log(LOG_INFO, container, "leaving", reason_text(reason), NULL);
	if (how == LEAVE_AFTER_DRAIN && container_drain(container, reason)) {
		container->stage = LEAVE_DRAIN;
	} else {
		container_retire_backend(container, reason);
		container->stage = how == LEAVE_AT_ONCE ? LEAVE_KILL : LEAVE_STOP;
		container->faulty = how == LEAVE_AT_ONCE && (container->may_run || container->dead);
		if (container->faulty && looks_dead(reason))
			container->retry.next_us =
			        clock_us() + (reason == REASON_PROBE_REFUSED ? DEATH_LATE_US : DEATH_NEWS_US);
	}
	supervisor_soon(container->supervisor);
}

void container_kill(struct container *container)
{
	assert(container->use == CONTAINER_LEAVING);
	container->stage = LEAVE_KILL;
	backoff_hurry(&container->retry);
	supervisor_soon(container->supervisor);
}

/* --- answers --- */

static void leave_note_death(struct container *container)
{
	if (container->may_run)
		container->ended_us = clock_us();
	container->may_run = false;
	container->dead = true;
}

static void on_stopped(struct supervisor *supervisor, struct container *container, const struct engine_result *result)
{
	(void)supervisor;
	if (result->fault == ENGINE_OK || result->fault == ENGINE_NOT_FOUND)
		leave_note_death(container);
	else
		container_log(LOG_WARN, container, "stop-failed", engine_fault_text(result->fault), result->message);
	container->gone |= result->fault == ENGINE_NOT_FOUND;
	container->stage = container->faulty && container->dead ? LEAVE_INSPECT : LEAVE_REMOVE;
}

static void on_end_inspected(struct supervisor *supervisor, struct container *container,
                             const struct engine_result *result)
{
	(void)supervisor;
	container->stage = LEAVE_LOGS;
	if (result->fault != ENGINE_OK) {
		container->stage = LEAVE_REMOVE;
		return;
	}
	container->oom |= result->oom_killed;
	container_note_exit(container, result->exit_code); /* nobody told of it while the engine was away */
	log_info("event=ended service=%s slot=%d container=%.12s exit_code=%d oom=%s reason=%s incident=%s",
	         container->supervisor->service->name, container->slot, container->id, result->exit_code,
	         container->oom ? "yes" : "no", reason_text(container->reason), incident_text(&container->incident));
}

static void log_output(const struct container *container, const char *text, size_t len)
{
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t line_len = end != NULL ? (size_t)(end - text) : len;
		char line[400];

		snprintf(line, sizeof(line), "%.*s", (int)(line_len < sizeof(line) ? line_len : sizeof(line) - 1),
		         text);
		if (line_len > 0)
			log_info("event=output service=%s slot=%d container=%.12s incident=%s line=%s",
			         container->supervisor->service->name, container->slot, container->id,
			         incident_text(&container->incident), log_quote(line));
		line_len += end != NULL;
		text += line_len;
		len -= line_len;
	}
}

static void on_logs(struct supervisor *supervisor, struct container *container, const struct engine_result *result)
{
	(void)supervisor;
	container->stage = LEAVE_REMOVE;
	if (result->fault == ENGINE_OK)
		log_output(container, result->text, result->text_len);
	else /* a log driver that sends everything away, say */
		log_info("event=no-output service=%s slot=%d container=%.12s incident=%s reason=%s",
		         container->supervisor->service->name, container->slot, container->id,
		         incident_text(&container->incident), log_quote(result->message));
}

static void on_removed(struct supervisor *supervisor, struct container *container, const struct engine_result *result)
{
	(void)supervisor;
	if (result->fault == ENGINE_OK || result->fault == ENGINE_NOT_FOUND) {
		leave_note_death(container);
		container->gone = true;
		return;
	}
	backoff_fail(&container->retry, RETRY_REMOVE);
	container_log(LOG_WARN, container, "remove-failed", engine_fault_text(result->fault), result->message);
}

/* --- the step --- */

bool container_drained(struct container *container)
{
	const struct backend *backend = container->backend;

	if (backend == NULL || container->dead || backend_state(backend) == BACKEND_DOWN ||
	    backend_in_flight(backend) == 0)
		return true;
	if (clock_us() < container->drain_until_us) {
		supervisor_wake(container->supervisor, container->drain_until_us);
		return false;
	}
	container_log(LOG_WARN, container, "drain-timeout", reason_text(backend_reason(backend)),
	              "requests were still in flight when drain_ms had passed");
	return true;
}

static void leave_drain(struct container *container)
{
	if (!container_drained(container))
		return;
	container_retire_backend(container, container->reason);
	container->stage = LEAVE_STOP;
}

static void leave_stop(struct container *container, int grace_ms)
{
	struct supervisor *supervisor = container->supervisor;

	if (!container->may_run) {
		container->stage = container->faulty ? LEAVE_INSPECT : LEAVE_REMOVE;
		return;
	}
	container->stop_called = true;
	container->by_us = !container->exited;
	supervisor->engine->verbs->stop(supervisor->engine, container->id, grace_ms, on_call,
	                                call_begin(supervisor, container, on_stopped));
}

static void leave_call(struct container *container)
{
	struct supervisor *supervisor = container->supervisor;
	struct engine *engine = supervisor->engine;

	switch (container->stage) {
	case LEAVE_DRAIN:
		break;
	case LEAVE_STOP:
		leave_stop(container, (int)supervisor->config->stop_ms);
		break;
	case LEAVE_KILL:
		leave_stop(container, 0);
		break;
	case LEAVE_INSPECT:
		engine->verbs->inspect(engine, container->id, on_call,
		                       call_begin(supervisor, container, on_end_inspected));
		break;
	case LEAVE_LOGS:
		engine->verbs->logs(engine, container->id, LAST_LINES, on_call,
		                    call_begin(supervisor, container, on_logs));
		break;
	case LEAVE_REMOVE:
		engine->verbs->remove(engine, container->id, on_call, call_begin(supervisor, container, on_removed));
		break;
	}
}

/* Does the slot of this dead one wait for its replacement? Then the rest has time. */
static bool leave_later(struct container *container)
{
	struct supervisor *supervisor = container->supervisor;
	const struct slot *slot;
	int64_t now_us = clock_us();

	if (!container->faulty || container->may_run || container->slot == SLOT_EXTRA)
		return false;
	slot = supervisor_slot_of(supervisor, container->slot);
	if (!slot->live || slot_current(slot) == NULL || slot_ready(slot) || now_us < slot->retry.next_us ||
	    now_us >= slot->ended_us + AFTERMATH_US)
		return false;
	supervisor_wake(supervisor, slot->ended_us + AFTERMATH_US);
	return true;
}

/* The port that it served on is free: whom it was refused to need not wait its back-off out. */
static void retry_ports(struct supervisor *supervisor, int port)
{
	for (size_t i = 0; i < supervisor->spare_count; i++)
		if (supervisor->spares[i]->reason == REASON_PORT_TAKEN &&
		    spare_port(supervisor, supervisor->spares[i]->index) == port)
			backoff_hurry(&supervisor->spares[i]->retry);
	for (size_t i = 0; i < supervisor->slot_count; i++)
		if (supervisor->slots[i]->reason == REASON_PORT_TAKEN && slot_current(supervisor->slots[i]) != NULL &&
		    slot_current(supervisor->slots[i])->host_port == port)
			backoff_hurry(&supervisor->slots[i]->retry);
}

/* May free the container. */
void leave_step(struct container *container)
{
	struct supervisor *supervisor = container->supervisor;

	assert(container->use == CONTAINER_LEAVING);
	if (container->busy)
		return;
	if (container->phase == CONTAINER_NEW) { /* it was never made */
		container_free(container);
		return;
	}
	if (container->gone) {
		container_retire_backend(container, container->reason);
		container_log(LOG_INFO, container, "removed", reason_text(container->reason), NULL);
		if (container->serial != 0)
			retry_ports(supervisor, container->host_port);
		container_free(container);
		supervisor->again = true; /* its slot may have waited for the name or the port */
		return;
	}
	if (container->stage == LEAVE_DRAIN)
		leave_drain(container);
	if (container->stage == LEAVE_DRAIN || !supervisor->engine_up)
		return;
	if (leave_later(container))
		return;
	if (!backoff_due(&container->retry)) {
		supervisor_wake(supervisor, container->retry.next_us);
		return;
	}
	for (enum leave_stage stage = LEAVE_DRAIN; !container->busy && stage != container->stage;) {
		stage = container->stage;
		leave_call(container);
	}
}
