/* supervisor_view: what admin and metrics read of a supervisor. Changes nothing. */
#include "orchestrator/fleet/supervisor.h"

#include "orchestrator/base/excerpt.h"
#include "orchestrator/fleet/roll_pick.h"
#include "orchestrator/fleet/supervisor_parts.h"
#include "orchestrator/fleet/waits.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

const struct repair_times *supervisor_times(const struct supervisor *supervisor)
{
	return &supervisor_parts(supervisor)->slots.times;
}

uint64_t supervisor_replacements(const struct supervisor *supervisor, enum reason reason)
{
	assert((unsigned)reason < REASON_COUNT);
	return supervisor_parts(supervisor)->slots.replacements[reason];
}

struct fleet *supervisor_fleet(struct supervisor *supervisor)
{
	return supervisor_parts(supervisor)->fleet;
}

struct health *supervisor_health(struct supervisor *supervisor)
{
	return supervisor_parts(supervisor)->health;
}

bool supervisor_has_waiting(const struct supervisor *supervisor)
{
	return supervisor_parts(supervisor)->scale.waiting > 0;
}

const char *supervisor_spec(const struct supervisor *supervisor)
{
	return supervisor_parts(supervisor)->revisions.newest->hash;
}

const struct scaler *supervisor_scaler(const struct supervisor *supervisor)
{
	return &supervisor_parts(supervisor)->scale.scaler;
}

const struct config_service *supervisor_service(const struct supervisor *supervisor)
{
	return supervisor_parts(supervisor)->containers.service;
}

bool supervisor_is_rolling(const struct supervisor *supervisor)
{
	return supervisor_parts(supervisor)->roll.state != ROLL_IDLE;
}

const char *supervisor_roll_failed(const struct supervisor *supervisor)
{
	return supervisor_parts(supervisor)->roll.failure.text;
}

size_t supervisor_container_count(const struct supervisor *supervisor)
{
	const struct container *container;
	size_t count = 0;

	TAILQ_FOREACH (container, &supervisor_parts(supervisor)->containers.all, link)
		count += container->id[0] != '\0' && !container->gone;
	return count;
}

/* --- slots ----------------------------------------------------------------------------------------------------- */

size_t supervisor_slot_count(const struct supervisor *supervisor)
{
	return supervisor_parts(supervisor)->slots.count;
}

static const char *state_text(const struct slot *slot)
{
	const struct backend *backend = berth_backend(&slot->berth);

	if (backend != NULL)
		return backend_state_text(backend_state(backend));
	if (slot->live && (!backoff_due(&slot->berth.retry) || slot_unprepared(slot)))
		return "backing-off";
	if (berth_container(&slot->berth) != NULL)
		return "creating";
	return slot->live ? "down" : "empty";
}

/* What a probe found of the container that is there; "": nothing is wrong with it, or there is none. */
static const char *finding_of(const struct berth *berth)
{
	const struct backend *backend = berth_backend(berth);

	return backend != NULL ? backend_finding(backend) : "";
}

/* What is wrong with the container that is there counts more than what was wrong with the one before. */
static void explain(const struct berth *berth, char message[SUPERVISOR_MESSAGE_SIZE])
{
	const char *finding = finding_of(berth);

	snprintf(message, SUPERVISOR_MESSAGE_SIZE, "%s", finding[0] != '\0' ? finding : berth->message);
}

/* The same in one sentence. */
static void explain_cause(const struct berth *berth, char cause[CAUSE_SIZE])
{
	const struct backend *backend = berth_backend(berth);
	const char *finding = finding_of(berth);
	struct cause_facts facts = {.words = finding};

	if (backend != NULL && backend_state(backend) == BACKEND_STARTING && finding[0] != '\0')
		cause_write(cause, CAUSE_STARTING, &facts);
	else if (backend != NULL && backend_state(backend) == BACKEND_SUSPECT)
		cause_write(cause, cause_of_reason(backend_reason(backend)), &facts);
	else if (backend != NULL && backend_state(backend) != BACKEND_STARTING)
		cause[0] = '\0';
	else
		snprintf(cause, CAUSE_SIZE, "%s", berth->cause);
}

/* Ids in the image of a container that was found are short. */
static bool image_is(const struct container *container, const char *wanted)
{
	char shown[ENGINE_IMAGE_SIZE];

	excerpt_write(shown, sizeof(shown), "%s", wanted);
	return strcmp(container_image(container), container->unknown ? shown : wanted) == 0;
}

static void view_container(struct supervisor_slot *view, const struct berth *berth)
{
	const struct container *container = berth_container(berth);
	const char *wanted = berth->containers->service->image;

	view->image = container != NULL ? container_image(container) : "";
	view->image_differs = view->image[0] != '\0' && !image_is(container, wanted);
	view->container = container != NULL ? container->id : "";
}

static void view_retry(struct supervisor_slot *view, const struct slot *slot)
{
	const struct revisions *revisions = slot->all->revisions;
	bool unprepared = slot_unprepared(slot);
	const struct backoff *retry = unprepared ? &revisions->retry : &slot->berth.retry;

	view->attempts = unprepared ? revisions->retry.level : slot->attempts;
	view->retry_us = slot->live && view->backend == NULL && !backoff_due(retry) ? retry->next_us : 0;
	view->since_us = view->backend != NULL ? backend_since_us(view->backend) : slot->since_us;
}

/* Image, network and volumes are everybody's: what keeps them from being had keeps the slot. */
static void view_unprepared(struct supervisor_slot *view, const struct revisions *revisions)
{
	view->reason = revisions->reason;
	view->by_engine = revisions->reason != REASON_ENGINE_DOWN;
	snprintf(view->message, sizeof(view->message), "%s", revisions->message);
	snprintf(view->cause, sizeof(view->cause), "%s", revisions->cause);
}

/* What goes on in a slot that had nothing to say for itself: its container leaves, for a reason. */
static enum reason reason_of_leaving(const struct berth *berth)
{
	const struct container *container = berth_had_next(berth, NULL);

	return container != NULL ? container->reason : REASON_NONE;
}

static enum reason slot_reason(const struct berth *berth)
{
	const struct backend *backend = berth_backend(berth);

	if (backend != NULL && (berth->message[0] == '\0' || finding_of(berth)[0] != '\0'))
		return backend_reason(backend);
	return berth->reason == REASON_NONE ? reason_of_leaving(berth) : berth->reason;
}

void supervisor_slot_at(const struct supervisor *supervisor, size_t index, struct supervisor_slot *view)
{
	const struct slot *slot = supervisor_parts(supervisor)->slots.items[index];
	const struct berth *berth = &slot->berth;
	const struct container *ahead = berth_container(&slot->ahead);

	view->slot = slot->index;
	view->state = state_text(slot);
	view->backend = berth_backend(berth);
	view->reason = slot_reason(berth);
	view->by_engine = berth->by_engine && finding_of(berth)[0] == '\0';
	explain(berth, view->message);
	explain_cause(berth, view->cause);
	view_container(view, berth);
	view_retry(view, slot);
	if (slot_unprepared(slot))
		view_unprepared(view, &supervisor_parts(supervisor)->revisions);
	waits_of_slot(slot, view->waits_for);
	view->exit_code = berth->exit_code;
	view->last_words = berth->last_words;
	view->next_ready = ahead != NULL && ahead->phase == CONTAINER_CREATED;
	view->faults = slot->faults;
}

/* --- the roll, images ------------------------------------------------------------------------------------------ */

/* What is left is looked up, for a slot may come, go, or be stale again. */
static void view_progress(struct supervisor_roll *view, const struct roll *roll)
{
	if (!view->due && roll->what == ROLL_PORTS) {
		view->done = (unsigned)slots_ready(roll->slots);
		view->of = (unsigned)slots_live(roll->slots);
	} else {
		view->done = view->due ? 0 : roll->rolled;
		view->of = view->done + roll_pick_left(roll->slots, roll->slot);
	}
}

bool supervisor_roll_at(const struct supervisor *supervisor, struct supervisor_roll *view)
{
	const struct roll *roll = &supervisor_parts(supervisor)->roll;

	*view = (struct supervisor_roll){.slot = roll->slot, .due = roll->state == ROLL_IDLE};
	waits_of_roll(roll, view->waits_for);
	if (view->due && view->waits_for[0] == '\0')
		return false;
	view->what = roll_what_text(view->due ? roll_pick_what(roll->slots) : roll->what);
	view_progress(view, roll);
	if (!view->due) {
		view->begun_us = roll->begun_us;
		view->since_us = roll->step_us;
	}
	return true;
}

void supervisor_roll_cause(const struct supervisor *supervisor, char cause[CAUSE_SIZE])
{
	const struct roll *roll = &supervisor_parts(supervisor)->roll;

	roll_failure_tell(&roll->failure, roll->stuck, cause);
}

const char *supervisor_image_why(const struct supervisor *supervisor)
{
	const struct roll *roll = &supervisor_parts(supervisor)->roll;
	bool rolls = roll->state != ROLL_IDLE && roll->what == ROLL_ALL;

	if (roll->failure.text[0] != '\0' && roll->failure.what == ROLL_ALL)
		return rolls ? "the roll to the configured one failed, and is being undone"
		             : "the roll to the configured one failed, and what was there before serves on";
	return rolls ? "the roll to the configured one is under way" : "the roll to the configured one is yet to begin";
}

/* --- spares ---------------------------------------------------------------------------------------------------- */

size_t supervisor_spare_count(const struct supervisor *supervisor)
{
	return spares_shown(&supervisor_parts(supervisor)->spares);
}

void supervisor_spare_at(const struct supervisor *supervisor, size_t index, struct supervisor_spare *view)
{
	static const struct address nowhere;
	const struct spare *spare = supervisor_parts(supervisor)->spares.items[index];
	const struct container *container = berth_container(&spare->berth);

	view->spare = spare->index;
	view->state = spare_state_text(spare);
	view->slot = spare->slot;
	view->reason = spare->berth.reason;
	explain(&spare->berth, view->message);
	explain_cause(&spare->berth, view->cause);
	view->image = container != NULL ? container_image(container) : "";
	view->container = container != NULL ? container->id : "";
	view->waits = spare_waits(spare);
	view->address = container != NULL ? &container->address : &nowhere;
	view->backend = container != NULL && container->in_fleet ? container->backend : NULL;
}

/* --- those that leave ------------------------------------------------------------------------------------------ */

static bool has_its_place(const struct supervisor_parts *parts, const struct container *container)
{
	if (container->slot != SLOT_NONE)
		return berth_container(&parts->slots.items[container->slot]->berth) == container;
	return container->spare != SPARE_NONE &&
	       berth_container(&parts->spares.items[container->spare]->berth) == container;
}

bool supervisor_leaving_next(const struct supervisor *supervisor, struct supervisor_leaving *view)
{
	const struct supervisor_parts *parts = supervisor_parts(supervisor);
	const struct container *container = view->at != NULL ? TAILQ_NEXT((const struct container *)view->at, link)
	                                                     : TAILQ_FIRST(&parts->containers.all);

	while (container != NULL && (!container->in_fleet || has_its_place(parts, container)))
		container = TAILQ_NEXT(container, link);
	if (container == NULL)
		return false;
	*view = (struct supervisor_leaving){container->backend, container_image(container), container};
	return true;
}

unsigned supervisor_spares_waiting(const struct supervisor *supervisor)
{
	return spares_waiting(&supervisor_parts(supervisor)->spares);
}
