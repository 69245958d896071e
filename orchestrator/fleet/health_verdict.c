/* health_verdict: one function for each kind of finding, and one for each state that has rules of its own.
 *
 *   finding -> words -> STARTING: judge_start   READY, SUSPECT: judge_good, _timeout, _hard   DRAINING: judge_draining
 *
 * Invariant: after backend_set_state, which watch_down, watch_suspect and kept_keep call, nothing is done with the watch.
 */
#include "orchestrator/fleet/health_verdict.h"

#include "orchestrator/fleet/health_kept.h"
#include "orchestrator/fleet/health_late.h"
#include "orchestrator/fleet/health_start.h"
#include "orchestrator/fleet/health_words.h"

static void forgive(struct watch *watch)
{
	watch->misses = 0;
	kept_forget(watch);
	late_forget(watch);
}

static void judge_ready(struct watch *watch)
{
	forgive(watch);
	backend_set_finding(watch->backend, "");
	if (backend_state(watch->backend) == BACKEND_STARTING)
		schedule_begin_beats(&watch->schedule);
	schedule_next(&watch->schedule);
	kept_review(watch);
	backend_set_state(watch->backend, BACKEND_READY, REASON_PROBE_GOOD);
}

static void judge_good(struct watch *watch)
{
	watch_answer(watch, true);
	if (backend_state(watch->backend) == BACKEND_SUSPECT && watch->schedule.probe_no >= watch->trust_no) {
		judge_ready(watch);
		return;
	}
	forgive(watch);
	schedule_next(&watch->schedule);
}

static void judge_hard(struct watch *watch, enum reason reason)
{
	backend_open_incident(watch->backend);
	if (reason == REASON_PROBE_STATUS) {
		if (kept_fails_like_all(watch)) {
			watch_answer(watch, kept_serves(watch));
			kept_keep(watch);
			return;
		}
		kept_note_status(watch->health);
	}
	watch_down(watch, reason);
}

/* Is the backend out of rotation only because a probe was late? What else it is suspected of is for a good probe to clear. */
static bool is_doubted_as_late(const struct backend *backend)
{
	enum reason reason = backend_reason(backend);

	return backend_state(backend) == BACKEND_SUSPECT && (reason == REASON_BUSY || reason == REASON_PROBE_TIMEOUT);
}

/* A busy backend leaves the rotation only while another one is in it. */
static void judge_busy(struct watch *watch)
{
	struct backend *backend = watch->backend;
	bool last = !kept_others_ready(watch);

	if (late_is_busy_too_long(watch)) {
		watch_down(watch, REASON_PROBE_TIMEOUT);
		return;
	}
	watch_answer(watch, last);
	watch->misses = 0;
	schedule_next(&watch->schedule);
	if (!last)
		watch_suspect(watch, REASON_BUSY);
	else if (is_doubted_as_late(backend))
		backend_set_state(backend, BACKEND_READY, REASON_BUSY);
}

/* What the engine said explains a late probe better than that it was late. */
static bool is_explained(enum reason reason)
{
	return reason == REASON_PAUSED || reason == REASON_OOM_KILLED;
}

/* outcome: one that counts as a miss. */
static void judge_missed(struct watch *watch, enum probe_outcome outcome)
{
	const struct health *health = watch->health;
	struct backend *backend = watch->backend;
	enum reason told = backend_reason(backend);

	if (outcome == PROBE_TIMEOUT && !is_explained(told) && late_is_busy(watch)) {
		judge_busy(watch);
		return;
	}
	watch_answer(watch, false);
	if (++watch->misses >= health->config.fall) {
		watch_down(watch, is_explained(told) ? told : probe_outcome_reason(outcome));
		return;
	}
	schedule_follow_up(&watch->schedule);
	schedule_next(&watch->schedule);
	backend_ref(backend);
	watch_suspect(watch, probe_outcome_reason(outcome));
	late_tell_missed(health, backend);
	backend_unref(backend);
}

static void judge_serving(struct watch *watch, enum probe_outcome outcome)
{
	switch (probe_outcome_kind(outcome)) {
	case PROBE_WELL:
		judge_good(watch);
		break;
	case PROBE_SOFT:
		judge_missed(watch, outcome);
		break;
	case PROBE_OURS:
		watch_answer(watch, true);
		schedule_next(&watch->schedule);
		break;
	case PROBE_HARD:
		judge_hard(watch, probe_outcome_reason(outcome));
		break;
	}
}

/* A missed probe of a backend that is on its way out, or one that found nothing wrong. */
static void judge_leaving(struct watch *watch, bool good, enum probe_outcome outcome)
{
	bool busy = outcome == PROBE_TIMEOUT && late_is_busy(watch);

	watch_answer(watch, good);
	watch->misses = good || busy ? 0 : watch->misses + 1;
	if (watch->misses >= watch->health->config.fall) {
		watch_down(watch, probe_outcome_reason(outcome));
		return;
	}
	if (watch->misses > 0)
		schedule_follow_up(&watch->schedule);
	schedule_next(&watch->schedule);
	if (watch->misses > 0)
		late_tell_missed(watch->health, watch->backend);
}

/* A draining backend gets no new requests: what is left to find out is whether those that it has are lost. */
static void judge_draining(struct watch *watch, enum probe_outcome outcome)
{
	switch (probe_outcome_kind(outcome)) {
	case PROBE_WELL:
	case PROBE_OURS:
		judge_leaving(watch, true, outcome);
		break;
	case PROBE_SOFT:
		judge_leaving(watch, false, outcome);
		break;
	case PROBE_HARD:
		if (outcome == PROBE_BAD_STATUS && kept_fails_like_all(watch))
			judge_leaving(watch, true, outcome);
		else
			watch_down(watch, probe_outcome_reason(outcome));
		break;
	}
}

static void judge_start(struct watch *watch, const struct probe_finding *finding)
{
	enum reason reason;

	watch_answer(watch, finding->outcome == PROBE_GOOD);
	if (finding->outcome == PROBE_GOOD) {
		judge_ready(watch);
	} else if (start_is_over(watch, finding->outcome, &reason)) {
		words_note_start_over(watch, finding);
		watch_down(watch, reason);
	} else {
		words_tell_start(watch, finding);
		schedule_next(&watch->schedule);
	}
}

void verdict_on_finding(const struct probe_finding *finding, void *watch_arg)
{
	struct watch *watch = watch_arg;

	if (finding->outcome == PROBE_TIMEOUT)
		late_tell(watch);
	words_note(watch, finding);
	switch (backend_state(watch->backend)) {
	case BACKEND_STARTING:
		judge_start(watch, finding);
		break;
	case BACKEND_READY:
	case BACKEND_SUSPECT:
		judge_serving(watch, finding->outcome);
		break;
	case BACKEND_DRAINING:
		judge_draining(watch, finding->outcome);
		break;
	case BACKEND_DOWN: /* by the supervisor's doing, which takes the container away */
	case BACKEND_STATES:
		watch_end(watch, false);
		break;
	}
}

void verdict_doubt(struct watch *watch, enum reason reason)
{
	const struct health *health = watch->health;
	struct backend *backend = watch->backend;
	bool paused = reason == REASON_PAUSED; /* then nothing can come from it */

	watch->trust_no = watch->schedule.probe_no + 1;
	if (paused)
		schedule_hurry_quickly(&watch->schedule);
	else
		schedule_hurry(&watch->schedule);
	backend_ref(backend);
	if (backend_state(backend) != BACKEND_DRAINING)
		watch_suspect(watch, reason);
	if (paused)
		late_tell_missed(health, backend);
	backend_unref(backend);
}
