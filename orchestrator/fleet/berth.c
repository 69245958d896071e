/* berth: what all kinds have in common, and in a table in what they differ.
 *
 * Invariant: a container is in at most one berth.
 */
#include "orchestrator/fleet/berth.h"

#include "common/clock.h"
#include "common/log.h"
#include "orchestrator/base/excerpt.h"
#include "orchestrator/fleet/container_ends.h"
#include "orchestrator/fleet/container_verbs.h"
#include "orchestrator/fleet/holders.h"
#include "orchestrator/fleet/host_loss.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum port_of { PORT_OF_SLOT, PORT_BEHIND_SLOTS, PORT_OF_ROLL };

static const struct {
	const char *before, *behind; /* of the index in the name, behind the service's */
	bool numbered;
	enum port_of port;
	bool starts_again; /* where a start was refused the port, or its outcome is unknown, the same container is started again */
	bool locates_again; /* where its address is unknown for now, it is asked for again */
	bool backs_off;     /* else its owner does */
	enum retry retry;
	const char *failed; /* for the log */
	int level;
} kinds[BERTH_KINDS] = {
        [BERTH_SLOT] = {"_", "", true, PORT_OF_SLOT, true, true, true, RETRY_SLOT, "slot-down", LOG_ERROR},
        [BERTH_AHEAD] = {"_", ".next", true, PORT_OF_SLOT, false, false, true, RETRY_AHEAD, "ahead-failed", LOG_WARN},
        [BERTH_SPARE] = {"_spare_", "", true, PORT_BEHIND_SLOTS, false, true, true, RETRY_SPARE, "spare-failed",
                         LOG_WARN},
        [BERTH_ROLL] = {"_roll", "", false, PORT_OF_ROLL, false, false, false, RETRY_ROLL, "stand-in-failed",
                        LOG_ERROR},
};

void berth_init(struct berth *berth, struct berths *all, enum berth_kind kind, int index, struct containers *containers)
{
	berth->kind = kind;
	berth->index = index;
	berth->containers = containers;
	berth->exit_code = -1;
	TAILQ_INSERT_TAIL(all, berth, link);
}

struct container *berth_container(const struct berth *berth)
{
	struct container *container = berth->container;

	return container != NULL && !container->leaving ? container : NULL;
}

struct backend *berth_backend(const struct berth *berth)
{
	const struct container *container = berth_container(berth);

	return container != NULL ? container->backend : NULL;
}

bool berth_ready(const struct berth *berth)
{
	return container_ready(berth_container(berth));
}

bool berth_lost(const struct berth *berth)
{
	const struct container *container = berth_container(berth);

	return container != NULL && container_lost(container);
}

bool berth_evicted(const struct berth *berth)
{
	const struct container *container = berth_container(berth);

	return container != NULL && container->evicted && !container_lost(container);
}

/* Its service's name is the revision's: the configuration may have renamed it. */
void berth_name(const struct berth *berth, const struct revision *revision, char name[ENGINE_NAME_SIZE])
{
	const char *service = revision->spec.service, *before = kinds[berth->kind].before;

	if (kinds[berth->kind].numbered)
		snprintf(name, ENGINE_NAME_SIZE, "%s%s%d%s", service, before, berth->index, kinds[berth->kind].behind);
	else
		snprintf(name, ENGINE_NAME_SIZE, "%s%s", service, before);
}

int berth_port(const struct berth *berth, const struct revision *revision)
{
	switch (kinds[berth->kind].port) {
	case PORT_BEHIND_SLOTS:
		return revision_port(revision, (int)berth->containers->service->scale.max + berth->index);
	case PORT_OF_ROLL:
		return revision->roll_port;
	case PORT_OF_SLOT:
		break;
	}
	return revision_port(revision, berth->index);
}

static int slot_of(const struct berth *berth)
{
	return berth->kind == BERTH_SLOT || berth->kind == BERTH_AHEAD ? berth->index : SLOT_NONE;
}

static int spare_of(const struct berth *berth)
{
	return berth->kind == BERTH_SPARE ? berth->index : SPARE_NONE;
}

bool berth_had(const struct berth *berth, const struct container *container)
{
	return container->leaving && container->slot == slot_of(berth) && container->spare == spare_of(berth);
}

struct container *berth_had_next(const struct berth *berth, const struct container *behind)
{
	int slot = slot_of(berth), spare = spare_of(berth);
	struct container *container = container_in_place(berth->containers, slot, spare, behind);

	while (container != NULL && !berth_had(berth, container))
		container = container_in_place(berth->containers, slot, spare, container);
	return container;
}

/* --- its container --------------------------------------------------------------------------------------------- */

void berth_make(struct berth *berth, struct revision *revision, const char *name)
{
	berth_make_at(berth, revision, name, berth_port(berth, revision));
}

void berth_make_at(struct berth *berth, struct revision *revision, const char *name, int port)
{
	assert(berth_container(berth) == NULL);
	berth->container =
	        container_new(berth->containers, &(struct container_place){.revision = revision,
	                                                                   .slot = slot_of(berth),
	                                                                   .spare = spare_of(berth),
	                                                                   .ahead = berth->kind == BERTH_AHEAD});
	berth->port = port;
	container_create(berth->container, name, berth->port);
}

void berth_put(struct berth *berth, struct container *container)
{
	assert(berth_container(berth) == NULL);
	berth->container = container;
	berth->port = container->host_port;
}

struct container *berth_take(struct berth *berth)
{
	struct container *container = berth_container(berth);

	berth->container = NULL;
	return container;
}

void berth_leave(struct berth *berth, enum reason reason, enum leave_how how)
{
	struct container *container = berth_take(berth);

	if (container != NULL)
		container_leave(container, reason, how);
}

/* The engine is only asked while it answers. */
static void locate(struct container *container)
{
	if (!backoff_due(&container->retry))
		step_by(container->all->step, container->retry.next_us);
	else if (container->address.len > 0 || container->all->engine_up)
		container_locate(container, true);
}

void berth_advance(struct berth *berth, bool may_start)
{
	struct container *container = berth_container(berth);

	if (container == NULL || container->call.busy)
		return;
	if (container->phase == CONTAINER_STARTED)
		locate(container);
	else if (container->phase == CONTAINER_CREATED && may_start && containers_may_act(berth->containers) &&
	         !holders_port_leaves(container))
		container_start(container); /* else a step comes when that is gone */
}

/* --- what failed ----------------------------------------------------------------------------------------------- */

bool berth_look(struct berth *berth, struct failure *failure)
{
	struct container *container = berth->container;
	bool failed = container != NULL && container_take_failure(container, failure);

	if (failed)
		return true;
	if (container != NULL && container->gone && !container->dead)
		container_leave(container, REASON_VANISHED, LEAVE_AT_ONCE); /* removed by somebody before it ran */
	berth->container = berth_container(berth);
	return false;
}

bool failure_is_port(const struct failure *failure)
{
	return failure->fault == ENGINE_PORT_TAKEN || failure->fault == ENGINE_PORT_LOST;
}

static void failed_log(const struct berth *berth, int64_t wait_us)
{
	const struct container *container = berth->container;

	if (berth->kind != BERTH_SLOT) {
		container_log(kinds[berth->kind].level, container, kinds[berth->kind].failed,
		              reason_text(berth->reason), berth->message);
		return;
	}
	log_line(berth->reason == REASON_ENGINE_DOWN ? LOG_WARN : LOG_ERROR,
	         "event=slot-down service=%s slot=%d reason=%s incident=%s retry_ms=%lld error=%s",
	         berth->containers->service->name, berth->index, reason_text(berth->reason),
	         incident_text(&container->incident), (long long)(wait_us / 1000), log_quote(berth->message));
}

/* Is the same container tried again? */
static bool is_kept(const struct berth *berth, const struct failure *failure)
{
	bool in_doubt = engine_in_doubt(failure->fault);

	if (failure->verb == CONTAINER_START)
		return kinds[berth->kind].starts_again && (in_doubt || failure_is_port(failure));
	return failure->verb == CONTAINER_LOCATE && kinds[berth->kind].locates_again && in_doubt;
}

bool berth_refused(struct berth *berth, const struct failure *failure)
{
	struct container *container = berth->container;
	int64_t wait_us = 0;

	if (failure->remake) {
		container_log(LOG_WARN, container, "port-lost", reason_text(REASON_PORT_TAKEN), failure->message);
		berth->containers->engine->verbs->forgo_port(berth->containers->engine, container->host_port);
		berth_leave(berth, REASON_PORT_TAKEN, LEAVE_AT_ONCE);
		return false;
	}
	berth_say(berth, failure->reason, failure->message);
	container_refusal(container, failure, berth->cause);
	berth->by_engine = failure->fault != ENGINE_OK && !engine_in_doubt(failure->fault);
	if (kinds[berth->kind].backs_off)
		wait_us = backoff_fail(&berth->retry, kinds[berth->kind].retry);
	failed_log(berth, wait_us);
	if (!is_kept(berth, failure))
		berth_leave(berth, failure->reason, LEAVE_AT_ONCE);
	else if (failure->verb == CONTAINER_START && engine_in_doubt(failure->fault))
		containers_want_list(berth->containers);
	return true;
}

enum reason berth_fault(struct berth *berth)
{
	const struct container *container = berth->container;
	enum reason reason = container_end_reason(container);

	host_loss_tell(container);
	berth_say(berth, reason, "");
	container_explain(container, berth->message);
	container_cause(container, reason, berth->cause);
	snprintf(berth->lost, sizeof(berth->lost), "%s", container->id);
	berth->exit_code = container->exit_code;
	return reason;
}

void berth_hear(struct berth *berth, const struct container *container)
{
	if (strcmp(container->id, berth->lost) != 0)
		return;
	berth->exit_code = container->by_us ? -1 : container->exit_code;
	snprintf(berth->last_words, sizeof(berth->last_words), "%s", container->last_words);
	if (container_ended_itself(container))
		container_cause(container, berth->why, berth->cause);
}

void berth_wait(struct berth *berth, int64_t wait_us)
{
	backoff_wait(&berth->retry, wait_us);
}

void berth_say(struct berth *berth, enum reason reason, const char *message)
{
	berth->reason = berth->why = reason;
	berth->by_engine = false;
	berth->cause[0] = berth->lost[0] = berth->last_words[0] = '\0';
	berth->exit_code = -1;
	excerpt_write(berth->message, sizeof(berth->message), "%s", message);
}

void berth_say_more(struct berth *berth, enum reason reason, const char *message)
{
	berth->reason = reason;
	excerpt_write(berth->message, sizeof(berth->message), "%s", message);
}

/* --- all of one service ---------------------------------------------------------------------------------------- */

void berths_let_go(struct berths *all)
{
	struct berth *berth;

	TAILQ_FOREACH (berth, all, link)
		berth->container = berth_container(berth);
}

/* Berths that failed for want of the engine are tried now, and a further failure waits as a first one does; of one ahead
 * whatever it failed for. A roll waits on: it may be what the engine falls over. */
static bool is_tried_when_it_is_back(const struct berth *berth)
{
	if (berth->kind == BERTH_AHEAD)
		return true;
	return berth->kind != BERTH_ROLL && berth->reason == REASON_ENGINE_DOWN;
}

void berths_engine_back(struct berths *all)
{
	struct berth *berth;

	TAILQ_FOREACH (berth, all, link)
		if (is_tried_when_it_is_back(berth))
			backoff_reset(&berth->retry);
}

void berths_names_free(struct berths *all)
{
	struct berth *berth;

	TAILQ_FOREACH (berth, all, link)
		if (berth->reason == REASON_NAME_TAKEN && berth_had_next(berth, NULL) != NULL)
			backoff_hurry(&berth->retry);
}

void berths_afresh(struct berths *all)
{
	struct berth *berth;

	TAILQ_FOREACH (berth, all, link) {
		struct container *container = berth_container(berth);

		backoff_reset(&berth->retry);
		if (container != NULL)
			backoff_reset(&container->retry);
	}
}

/* A berth that was refused the port need not wait its back-off out. */
void berths_port_free(struct berths *all, int port)
{
	struct berth *berth;

	TAILQ_FOREACH (berth, all, link)
		if (berth->reason == REASON_PORT_TAKEN && berth->port == port)
			backoff_hurry(&berth->retry);
}
