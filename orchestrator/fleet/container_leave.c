/* container_leave: a container's way out.
 *
 *   scale-down, roll:   DRAIN -> STOP ---------------------> REMOVE -> freed
 *   fault:              KILL (unless dead) -> INSPECT -> LOGS -> REMOVE
 *   never started:      REMOVE
 *
 * A faulty container is killed before anything else, because its slot waits for the port. A container that seems to have died is
 * killed only if the engine does not say so soon: a kill holds up what the engine has to do for the dead one. How it
 * ended, what it said, and its removal come when the slot serves again (or after a second): the engine shall have nothing
 * else to do while it starts the replacement. Who follows only drains, and forgets it, unless a request waits for its end.
 * Invariant: a container that leaves is kept until the engine says that it is gone; whoever wanted it lets go of it in the next step,
 * before it is freed, and takes none that leaves for his own meanwhile.
 */
#include "orchestrator/fleet/container_leave.h"

#include "common/clock.h"
#include "common/log.h"
#include "orchestrator/base/excerpt.h"
#include "orchestrator/fleet/container_ends.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define LAST_LINES 20
#define OUTPUT_LINE_MOST 400 /* bytes of each in the log */
#define DEATH_NEWS_US 50000  /* the engine tells of a death within this time, */
#define DEATH_LATE_US 250000 /* or, if it is busy, within this; one that listens no more is hardly alive */

/* The engine's event is on its way, by all appearance: how long to wait for it; 0 = the container does not look dead. */
static int64_t news_us(enum reason reason)
{
	if (reason == REASON_PROBE_RESET)
		return DEATH_NEWS_US;
	return reason == REASON_PROBE_REFUSED ? DEATH_LATE_US : 0;
}

void container_leave(struct container *container, enum reason reason, enum leave_how how)
{
	if (container->leaving)
		return;
	container->incident = *container_incident(container);
	container->leaving = true;
	container->ahead = false; /* what leaves counts as what runs in its slot */
	container->reason = reason;
	container_log(LOG_INFO, container, "leaving", reason_text(reason), NULL);
	if (how == LEAVE_AFTER_DRAIN && container_drain(container, reason)) {
		container->stage = LEAVE_DRAIN;
	} else {
		container_retire_backend(container, reason);
		container->stage = how == LEAVE_AT_ONCE ? LEAVE_KILL : LEAVE_STOP;
		container->faulty = how == LEAVE_AT_ONCE && (container->may_run || container->dead);
		if (container->faulty && news_us(reason) > 0)
			backoff_wait(&container->retry, news_us(reason));
	}
	step_soon(container->all->step);
}

void container_kill(struct container *container)
{
	assert(container->leaving);
	container->stage = LEAVE_KILL;
	backoff_hurry(&container->retry);
	step_soon(container->all->step);
}

void container_cut_short(struct container *container)
{
	container->drain_until_us = 0;
}

void containers_leave_again(struct containers *all)
{
	struct container *container;

	TAILQ_FOREACH (container, &all->all, link)
		if (container->retry.level > 0) /* its removal */
			backoff_reset(&container->retry);
}

/* --- answers --------------------------------------------------------------------------------------------------- */

static void leave_note_death(struct container *container)
{
	if (container->may_run)
		container->ended_us = clock_us();
	container->may_run = false;
	container->dead = true;
	sources_forget(container->all->harbour->sources, &container->sources);
}

static void on_stopped(const struct engine_result *result, void *arg)
{
	struct container *container = arg;

	if (result->fault == ENGINE_OK || result->fault == ENGINE_NOT_FOUND)
		leave_note_death(container);
	else
		container_log(LOG_WARN, container, "stop-failed", engine_fault_text(result->fault), result->message);
	if (result->fault == ENGINE_OK)
		container_note_stopped(container);
	container->gone |= result->fault == ENGINE_NOT_FOUND;
	container->stage = container->faulty && container->dead ? LEAVE_INSPECT : LEAVE_REMOVE;
}

static void on_end_inspected(const struct engine_result *result, void *arg)
{
	struct container *container = arg;

	container->stage = LEAVE_LOGS;
	if (result->fault != ENGINE_OK) {
		container->stage = LEAVE_REMOVE;
		return;
	}
	container->oom |= result->oom_killed;
	container_note_exit(container, result->exit_code); /* nobody told of it while the engine was away */
	log_info("event=ended service=%s slot=%d container=%.12s exit_code=%d oom=%s reason=%s incident=%s",
	         container->all->service->name, container->slot, container->id, result->exit_code,
	         container->oom ? "yes" : "no", reason_text(container->reason), incident_text(&container->incident));
}

static void log_output(const struct container *container, const char *text, size_t len)
{
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t line_len = end != NULL ? (size_t)(end - text) : len;
		bool fits = line_len <= OUTPUT_LINE_MOST;
		char line[OUTPUT_LINE_MOST + sizeof("...")];

		snprintf(line, sizeof(line), "%.*s%s", (int)(fits ? line_len : excerpt_head(text, OUTPUT_LINE_MOST)),
		         text, fits ? "" : "...");
		if (line_len > 0)
			log_info("event=output service=%s slot=%d container=%.12s incident=%s line=%s",
			         container->all->service->name, container->slot, container->id,
			         incident_text(&container->incident), log_quote(line));
		line_len += end != NULL;
		text += line_len;
		len -= line_len;
	}
}

/* The last line with anything in it, without white space around it. */
static void keep_last_words(struct container *container, const char *text, size_t len)
{
	size_t begin;

	while (len > 0 && (unsigned char)text[len - 1] <= ' ')
		len--;
	for (begin = len; begin > 0 && text[begin - 1] != '\n';)
		begin--;
	while (begin < len && (unsigned char)text[begin] <= ' ')
		begin++;
	excerpt_take(container->last_words, sizeof(container->last_words), text + begin, len - begin);
	container->heard = true;
}

static void on_logs(const struct engine_result *result, void *arg)
{
	struct container *container = arg;

	container->stage = LEAVE_REMOVE;
	container->heard_untold = true;
	if (result->fault == ENGINE_OK) {
		log_output(container, result->text, result->text_len);
		keep_last_words(container, result->text, result->text_len);
	} else { /* a log driver that sends everything away, say */
		container->unheard = result->fault == ENGINE_REFUSED;
		log_info("event=no-output service=%s slot=%d container=%.12s incident=%s reason=%s",
		         container->all->service->name, container->slot, container->id,
		         incident_text(&container->incident), log_quote(result->message));
	}
}

static void on_removed(const struct engine_result *result, void *arg)
{
	struct container *container = arg;

	if (result->fault == ENGINE_OK || result->fault == ENGINE_NOT_FOUND) {
		leave_note_death(container);
		container->gone = true;
		return;
	}
	backoff_fail(&container->retry, RETRY_REMOVE);
	container_log(LOG_WARN, container, "remove-failed", engine_fault_text(result->fault), result->message);
}

/* --- the step -------------------------------------------------------------------------------------------------- */

static void *call_for(struct container *container, call_done *done)
{
	return calls_begin(
	        container->all->harbour->calls,
	        &(struct call){.step = container->all->step, .mark = &container->call, .done = done, .arg = container});
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
	struct engine *engine = container->all->engine;

	if (!container->may_run) {
		container->stage = container->faulty ? LEAVE_INSPECT : LEAVE_REMOVE;
		return;
	}
	container->stop_called = true;
	container->term_us = clock_us();
	container->term_ms = grace_ms;
	container->by_us = !container->exited;
	engine->verbs->stop(engine, container->id, grace_ms, calls_on_answer, call_for(container, on_stopped));
}

static void leave_call(struct container *container)
{
	struct engine *engine = container->all->engine;

	switch (container->stage) {
	case LEAVE_DRAIN:
		break;
	case LEAVE_STOP:
		leave_stop(container, (int)container->all->config->stop_ms);
		break;
	case LEAVE_KILL:
		leave_stop(container, 0);
		break;
	case LEAVE_INSPECT:
		engine->verbs->inspect(engine, container->id, calls_on_answer, call_for(container, on_end_inspected));
		break;
	case LEAVE_LOGS:
		engine->verbs->logs(engine, container->id, LAST_LINES, calls_on_answer, call_for(container, on_logs));
		break;
	case LEAVE_REMOVE:
		engine->verbs->remove(engine, container->id, calls_on_answer, call_for(container, on_removed));
		break;
	}
}

static void leave_end(struct container *container)
{
	struct step *step = container->all->step;

	if (container->gone) {
		container_retire_backend(container, container->reason);
		container_log(LOG_INFO, container, "removed", reason_text(container->reason), NULL);
	}
	container_free(container);
	step_soon(step); /* its slot may have waited for the name or the port */
}

/* Is there a request that goes on elsewhere once this one is known to have ended? */
static bool is_awaited(const struct container *container)
{
	if (!container->may_run || clock_us() >= container->owes_until_us)
		return false;
	step_by(container->all->step, container->owes_until_us);
	return true;
}

/* Whoever leads removes it. If it runs on, the list shows it again. */
static void forget(struct container *container)
{
	struct step *step = container->all->step;

	container_retire_backend(container, container->reason);
	container_log(LOG_INFO, container, "let-go", reason_text(container->reason), NULL);
	container_free(container);
	step_soon(step);
}

/* Has the dead one time, while its slot waits for its replacement? */
static bool leave_later(const struct container *container, int64_t aftermath_us)
{
	if (!container->faulty || container->may_run || clock_us() >= aftermath_us)
		return false;
	step_by(container->all->step, aftermath_us);
	return true;
}

bool container_leave_step(struct container *container, int64_t aftermath_us)
{
	assert(container->leaving);
	if (container->call.busy)
		return false;
	if (container->gone || container->phase == CONTAINER_NEW) { /* the latter was never made */
		leave_end(container);
		return true;
	}
	if (container->stage == LEAVE_DRAIN)
		leave_drain(container);
	if (container->stage != LEAVE_DRAIN && container->all->following) {
		if (is_awaited(container))
			return false;
		forget(container);
		return true;
	}
	if (container->stage == LEAVE_DRAIN || !container->all->engine_up || leave_later(container, aftermath_us))
		return false;
	if (!backoff_due(&container->retry)) {
		step_by(container->all->step, container->retry.next_us);
		return false;
	}
	for (enum leave_stage stage = LEAVE_DRAIN; !container->call.busy && stage != container->stage;) {
		stage = container->stage;
		leave_call(container);
	}
	return false;
}
