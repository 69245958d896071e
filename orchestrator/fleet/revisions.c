/* revisions: the newest, the one before, and what both need.
 *
 * Invariant: a revision is freed when neither this nor a container holds it.
 */
#include "orchestrator/fleet/revisions.h"

#include "common/clock.h"
#include "common/log.h"
#include "orchestrator/base/excerpt.h"

void revisions_init(struct revisions *revisions, struct containers *containers, struct revision *first)
{
	revisions->containers = containers;
	revisions->newest = first;
	revisions->last = first->number;
}

void revisions_start_with(struct revisions *revisions, struct revision *first)
{
	revision_unref(revisions->newest);
	revisions->newest = first;
	revisions->last = first->number;
	revisions_prepare_at_once(revisions);
}

void revisions_clear(struct revisions *revisions)
{
	revision_unref(revisions->newest);
	revision_unref(revisions->previous);
}

/* --- what they share ------------------------------------------------------------------------------------------- */

void revisions_doubt(struct revisions *revisions)
{
	revisions->prepared = revisions->previous_prepared = false;
}

void revisions_prepare_at_once(struct revisions *revisions)
{
	revisions->prepared = revisions->refused = false; /* a refusal that nobody looked at was of another one */
	backoff_reset(&revisions->retry);
}

void revisions_hurry(struct revisions *revisions)
{
	backoff_reset(&revisions->retry);
}

void revisions_forget(struct revisions *revisions)
{
	revisions->preparing_number = 0;
}

static void explain(struct revisions *revisions)
{
	const char *image = revisions->newest->spec.image;
	enum cause cause = cause_of_reason(revisions->reason);

	if (cause == CAUSE_NO_IMAGE && (image == NULL || image[0] == '\0'))
		cause = CAUSE_NO_PROGRAM;
	cause_write(revisions->cause, cause, &(struct cause_facts){.image = image, .words = revisions->message});
}

/* Of what a roll needs the roll tells, which fails. */
static void note(struct revisions *revisions)
{
	const struct containers *all = revisions->containers;

	if (revisions->reason == REASON_ENGINE_DOWN || (revisions->unproven && revisions->previous != NULL))
		return;
	lately_note(all->harbour->lately,
	            &(struct lately_place){.what = LATELY_REFUSED,
	                                   .service = all->service->name,
	                                   .slot = LATELY_NO_SLOT,
	                                   .incident = revisions->incident.id},
	            revisions->reason, revisions->cause);
	revisions->noted = true;
}

void revisions_serve(struct revisions *revisions, bool served)
{
	const struct containers *all = revisions->containers;

	if (!revisions->noted || !(revisions->prepared || all->following)) /* who follows prepares nothing */
		return;
	revisions->noted = false;
	lately_end(all->harbour->lately, all->service->name, LATELY_NO_SLOT, -1, served);
}

/* Without image, network and volumes no container can be made: the slots that wait for them say so. */
static void prepare_failed(struct revisions *revisions, const struct engine_result *result)
{
	backoff_fail(&revisions->retry, RETRY_PREPARE);
	revisions->reason = reason_of(result->fault, REASON_CREATE_FAILED);
	excerpt_write(revisions->message, sizeof(revisions->message), "%s", result->message);
	explain(revisions);
	if (!engine_in_doubt(result->fault) && !incident_open(&revisions->incident))
		incident_begin(&revisions->incident, backend_group_names(fleet_group(revisions->containers->fleet)));
	note(revisions);
	log_error("event=prepare-failed service=%s reason=%s incident=%s error=%s",
	          revisions->containers->service->name, engine_fault_text(result->fault),
	          incident_text(&revisions->incident), log_quote(result->message));
}

static void prepared(struct revisions *revisions)
{
	backoff_reset(&revisions->retry);
	if (incident_open(&revisions->incident))
		log_info("event=prepared service=%s incident=%s took_ms=%.1f", revisions->containers->service->name,
		         incident_text(&revisions->incident), (double)(clock_us() - revisions->incident.t0_us) / 1e3);
	incident_end(&revisions->incident);
}

static void on_prepared(const struct engine_result *result, void *arg)
{
	struct revisions *revisions = arg;

	revisions->preparing = false;
	if (revisions->preparing_number != revisions->newest->number)
		return; /* another one by now */
	revisions->prepared = result->fault == ENGINE_OK;
	if (revisions->prepared)
		prepared(revisions);
	else
		prepare_failed(revisions, result);
	revisions->refused = result->fault != ENGINE_OK && !engine_in_doubt(result->fault);
}

void revisions_step(struct revisions *revisions)
{
	struct containers *all = revisions->containers;

	if (containers_take_shared_lost(all))
		revisions->prepared = false;
	if (revisions->prepared || revisions->preparing || !containers_may_act(all))
		return;
	if (!backoff_due(&revisions->retry)) {
		step_by(all->step, revisions->retry.next_us);
		return;
	}
	revisions->preparing = true;
	revisions->preparing_number = revisions->newest->number;
	all->engine->verbs->prepare(
	        all->engine, &revisions->newest->spec, calls_on_answer,
	        calls_begin(all->harbour->calls,
	                    &(struct call){.step = all->step, .done = on_prepared, .arg = revisions}));
}

bool revisions_take_refused(struct revisions *revisions)
{
	bool refused = revisions->refused;

	revisions->refused = false;
	return refused;
}

/* --- which ----------------------------------------------------------------------------------------------------- */

struct revision *revisions_for_slots(const struct revisions *revisions)
{
	return revisions->unproven && revisions->previous != NULL ? revisions->previous : revisions->newest;
}

bool revisions_prepared(const struct revisions *revisions)
{
	return revisions->prepared ||
	       (revisions->previous_prepared && revisions_for_slots(revisions) == revisions->previous);
}

bool revisions_may_create_ahead(const struct revisions *revisions)
{
	return !revisions->unproven || revisions->previous != NULL || revisions_is_blocked(revisions);
}

bool revisions_fits_slot(const struct revisions *revisions, const struct container *container)
{
	return !container->unknown && container->revision == revisions_for_slots(revisions);
}

bool revisions_ahead_usable(const struct revisions *revisions, const struct container *container)
{
	return (revisions->unproven && revisions->previous == NULL) || revisions_fits_slot(revisions, container);
}

bool revisions_stale(const struct revisions *revisions, const struct container *container)
{
	return container->unknown || container->revision != revisions->newest || container->unwanted;
}

bool revisions_is_blocked(const struct revisions *revisions)
{
	return revisions->blocked == revisions->newest->number;
}

void revisions_block(struct revisions *revisions)
{
	revisions->blocked = revisions->newest->number;
}

void revisions_unblock(struct revisions *revisions)
{
	revisions->blocked = 0;
}

/* --- another one ----------------------------------------------------------------------------------------------- */

void revisions_prove(struct revisions *revisions)
{
	revisions->unproven = false;
}

void revisions_trust(struct revisions *revisions)
{
	revisions->unproven = false;
	revision_unref(revisions->previous);
	revisions->previous = NULL;
}

/* The one before is the newest again. */
static void restore_previous(struct revisions *revisions)
{
	revision_take_over(revisions->previous, revisions->newest);
	revision_unref(revisions->newest);
	revisions->newest = revisions->previous;
	revisions->previous = NULL;
	revisions->unproven = false;
}

bool revisions_go_back(struct revisions *revisions)
{
	if (revisions->previous == NULL)
		return false;
	log_warn("event=roll-back service=%s spec=%s to=%s", revisions->containers->service->name,
	         revisions->newest->hash, revisions->previous->hash);
	restore_previous(revisions);
	revisions->gone_back = true;
	return true;
}

void revisions_confirm(struct revisions *revisions)
{
	revisions->gone_back = false;
}

/* What is gone back to stays the last one that was known to work, however many follow it. */
void revisions_replace(struct revisions *revisions, struct revision *revision, bool stuck)
{
	struct revision *last = revisions->newest;

	if (revisions->previous != NULL || revisions_is_blocked(revisions) || stuck) {
		revision_unref(last);
	} else {
		revisions->previous = last;
		revisions->previous_prepared = revisions->prepared;
	}
	revisions->unproven = true;
	revisions->gone_back = false;
	revisions->newest = revision;
	revisions->last = revision->number;
	revisions->blocked = 0;
	if (revisions->previous != NULL && revision_same(revisions->previous, revision))
		restore_previous(revisions);
}

/* What containers were made from may have changed though its name did not, so there is nothing to go back to. */
void revisions_renew(struct revisions *revisions)
{
	struct revision *again = revision_again(revisions->newest, ++revisions->last);

	revision_unref(revisions->previous);
	revisions->previous = NULL;
	revision_unref(revisions->newest);
	revisions->newest = again;
	revisions->unproven = true;
}
