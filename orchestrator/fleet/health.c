/* health: schedule, evidence, verdict.
 *
 * One watch per backend: a timer says when to probe next, at most one probe is in flight, its outcome is judged by
 * the backend's state. Evidence from elsewhere (a failed exchange, an engine event) makes the backend SUSPECT and
 * the next probe come now; a good result counts against it only if that probe began after the evidence.
 *
 * Beats: due_us moves by whole intervals on a grid that the slot shifts, so probes of different slots are spread and
 * stay so; probes made early do not shift the grid.
 *
 * All the same (rulings: full disk, locked store): the last READY backend whose fellows were just lost to a 5xx of
 * their own is kept. It is held back while a replacement may still show that the fault was the container's (five
 * intervals), then routed to again; as soon as another one is READY it is judged like any other.
 *
 * Invariant: a watch exists from health_watch until its backend is DOWN or health_unwatch; after backend_set_state
 * nothing is done with it any more, since observers run inside.
 */
#include "orchestrator/fleet/health_private.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"

#include <assert.h>
#include <stdlib.h>

#define START_DELAY_MIN_US 5000
#define START_DELAY_MAX_US 100000
#define START_TIMEOUT_MIN_MS 100
#define ALIKE_INTERVALS 5

static void on_due(void *arg);
static void on_probe(const struct probe_finding *finding, void *arg);

struct health *health_new(const struct health_settings *settings)
{
	struct health *health = mem_zero(sizeof(*health));

	health->base = settings->base;
	health->config = *settings->config;
	health->config.path = mem_dup(settings->config->path);
	health->traffic = settings->traffic;
	health->teller = timer_new(settings->base, on_answers, health);
	health->status_us = -1;
	TAILQ_INIT(&health->watches);
	TAILQ_INIT(&health->answered);
	return health;
}

void health_configure(struct health *health, const struct config_health *config)
{
	char *path = mem_dup(config->path);

	free(health->config.path);
	health->config = *config;
	health->config.path = path;
}

/* Questions must have been answered or dropped. */
static void watch_free(struct watch *watch)
{
	assert(TAILQ_EMPTY(&watch->questions));
	TAILQ_REMOVE(&watch->health->watches, watch, link);
	backend_set_watch(watch->backend, NULL);
	if (watch->probe != NULL)
		probe_cancel(watch->probe);
	timer_free(watch->timer);
	backend_unref(watch->backend);
	free(watch);
}

void health_free(struct health *health)
{
	if (health == NULL)
		return;
	while (!TAILQ_EMPTY(&health->watches)) {
		struct watch *watch = TAILQ_FIRST(&health->watches);

		questions_drop(&watch->questions);
		watch_free(watch);
	}
	questions_drop(&health->answered);
	timer_free(health->teller);
	free(health->config.path);
	free(health);
}

/* --- schedule --- */

static int64_t interval_us(const struct health *health)
{
	return health->config.interval_ms * 1000;
}

/* The first beat of this slot after now: slots are spread over the interval by the golden ratio, which needs no
 * knowledge of how many there will be. */
static int64_t first_beat(const struct watch *watch, int64_t now_us)
{
	int64_t interval = interval_us(watch->health);
	int64_t shift = (int64_t)((uint64_t)(backend_slot(watch->backend) + 1) * 618034 % 1000000) * interval / 1000000;
	int64_t past = (now_us - shift) % interval;

	return now_us + interval - (past < 0 ? past + interval : past);
}

static void watch_begin_beats(struct watch *watch)
{
	watch->due_us = first_beat(watch, clock_us());
}

static void watch_probe(struct watch *watch)
{
	struct health *health = watch->health;
	int64_t now_us = clock_us();

	assert(watch->probe == NULL);
	watch->now = false;
	timer_clear(watch->timer);
	while (watch->due_us <= now_us)
		watch->due_us += interval_us(health);
	watch->probe_no++;
	watch->asked_us = now_us;
	watch->haste = watch->next_haste;
	watch->next_haste = HASTE_NONE;
	watch->probe = probe_start(health->base, backend_address(watch->backend), backend_service(watch->backend),
	                           health->config.path, watch_timeout_ms(watch), on_probe, watch);
}

void watch_hurry(struct watch *watch)
{
	watch->now = true;
	if (watch->probe == NULL)
		watch_probe(watch);
}

/* When the next probe is to be made, no probe being in flight. */
static void watch_schedule(struct watch *watch)
{
	if (watch->now)
		timer_set(watch->timer, 0);
	else if (backend_state(watch->backend) == BACKEND_STARTING)
		timer_set(watch->timer, watch->start_delay_us);
	else
		timer_set_at(watch->timer, watch->due_us);
}

static void on_due(void *arg)
{
	watch_probe(arg);
}

/* A probe and the pause before it: what is seen within this time is the same trouble. */
static int64_t round_us(const struct health *health)
{
	return interval_us(health) + health->config.timeout_ms * 1000;
}

static void watch_begin(struct health *health, struct backend *backend, int64_t start_us, int64_t status_us)
{
	struct watch *watch = mem_zero(sizeof(*watch));
	int64_t now_us = clock_us();

	assert(backend_watch(backend) == NULL && backend_state(backend) == BACKEND_STARTING);
	watch->health = health;
	watch->backend = backend_ref(backend);
	watch->timer = timer_new(health->base, on_due, watch);
	watch->start_us = now_us;
	watch->start_until_us = now_us + start_us;
	watch->status_until_us = now_us + status_us;
	watch->said_us = INT64_MIN;
	watch->due_us = INT64_MAX;
	watch->start_delay_us = START_DELAY_MIN_US;
	watch->start_timeout_ms = START_TIMEOUT_MIN_MS;
	TAILQ_INIT(&watch->questions);
	TAILQ_INSERT_TAIL(&health->watches, watch, link);
	backend_set_watch(backend, watch);
	watch_probe(watch);
}

void health_watch(struct health *health, struct backend *backend)
{
	int64_t start_us = health->config.start_ms * 1000;

	watch_begin(health, backend, start_us, start_us);
}

void health_watch_running(struct health *health, struct backend *backend, int64_t running_ms)
{
	int64_t rest_us = (health->config.start_ms - running_ms) * 1000;
	int64_t least_us = health->config.fall * round_us(health); /* as one that serves */

	watch_begin(health, backend, rest_us > least_us ? rest_us : least_us, least_us);
}

void health_unwatch(struct backend *backend)
{
	struct watch *watch = backend_watch(backend);

	if (watch == NULL)
		return;
	questions_answer_all(watch, backend_state(backend) != BACKEND_DOWN);
	watch_free(watch);
}

/* --- verdicts --- */

static void watch_down(struct watch *watch, enum reason reason)
{
	struct backend *backend = backend_ref(watch->backend);

	backend_open_incident(backend);
	questions_answer_all(watch, false);
	watch_free(watch);
	backend_set_state(backend, BACKEND_DOWN, reason);
	backend_unref(backend);
}

static void watch_suspect(struct watch *watch, enum reason reason)
{
	backend_open_incident(watch->backend);
	if (backend_state(watch->backend) == BACKEND_READY)
		backend_set_state(watch->backend, BACKEND_SUSPECT, reason);
}

/* Another one is well, so those that were kept for want of one are judged again. */
static void judge_kept_again(const struct watch *well)
{
	struct watch *watch;

	well->health->status_us = -1;
	TAILQ_FOREACH (watch, &well->health->watches, link)
		if (watch != well && watch->alike)
			watch_hurry(watch);
}

/* A good probe. */
static void watch_forgive(struct watch *watch)
{
	watch->misses = 0;
	watch->alike = false;
	watch->busy_us = 0;
	backend_pulse(watch->backend)->missed = false;
}

static void watch_ready(struct watch *watch)
{
	bool started = backend_state(watch->backend) == BACKEND_STARTING;

	watch_forgive(watch);
	backend_set_finding(watch->backend, "");
	if (started)
		watch_begin_beats(watch);
	watch_schedule(watch);
	judge_kept_again(watch);
	backend_set_state(watch->backend, BACKEND_READY, REASON_PROBE_GOOD);
}

static bool others_ready(const struct watch *self)
{
	const struct watch *watch;

	TAILQ_FOREACH (watch, &self->health->watches, link)
		if (watch != self && !watch->alike && backend_state(watch->backend) == BACKEND_READY)
			return true;
	return false;
}

/* Has everybody else just been lost in the same way? */
static bool fails_like_all(const struct watch *watch)
{
	const struct health *health = watch->health;

	if (others_ready(watch))
		return false;
	return watch->alike || (health->status_us >= 0 && clock_us() - health->status_us <= round_us(health));
}

static void watch_keep(struct watch *watch)
{
	int64_t now_us = clock_us();

	if (!watch->alike) {
		watch->alike = true;
		watch->alike_until_us = now_us + ALIKE_INTERVALS * interval_us(watch->health);
		log_error("event=kept service=%s slot=%d container=%.12s reason=%s incident=%s "
		          "error=\"every container of the service fails its health check with 5xx: a full disk or a "
		          "locked store? One is replaced at a time\"",
		          backend_service(watch->backend), backend_slot(watch->backend),
		          backend_container_id(watch->backend), reason_text(REASON_PROBE_STATUS),
		          incident_text(backend_incident(watch->backend)));
	}
	watch_schedule(watch);
	if (now_us < watch->alike_until_us)
		watch_suspect(watch, REASON_PROBE_STATUS);
	else if (backend_state(watch->backend) == BACKEND_SUSPECT)
		backend_set_state(watch->backend, BACKEND_READY, REASON_PROBE_STATUS);
}

static void judge_hard(struct watch *watch, enum reason reason)
{
	backend_open_incident(watch->backend);
	if (reason == REASON_PROBE_STATUS) {
		if (fails_like_all(watch)) {
			questions_answer(watch, watch->probe_no, clock_us() >= watch->alike_until_us && watch->alike);
			watch_keep(watch);
			return;
		}
		watch->health->status_us = clock_us();
	}
	watch_down(watch, reason);
}

/* Only for that it is late; what else it is suspected of is for a good probe to clear. */
static bool is_doubted_as_late(const struct backend *backend)
{
	enum reason reason = backend_reason(backend);

	return backend_state(backend) == BACKEND_SUSPECT && (reason == REASON_BUSY || reason == REASON_PROBE_TIMEOUT);
}

/* It leaves the rotation only while another one is in it. */
static void judge_busy(struct watch *watch)
{
	struct backend *backend = watch->backend;
	bool last = !others_ready(watch);

	if (watch_is_busy_too_long(watch)) {
		watch_down(watch, REASON_PROBE_TIMEOUT);
		return;
	}
	questions_answer(watch, watch->probe_no, last);
	watch->misses = 0;
	watch_schedule(watch);
	if (!last)
		watch_suspect(watch, REASON_BUSY);
	else if (is_doubted_as_late(backend))
		backend_set_state(backend, BACKEND_READY, REASON_BUSY);
}

static void judge_timeout(struct watch *watch, enum haste haste)
{
	const struct health *health = watch->health;
	struct backend *backend = watch->backend;
	enum reason told = backend_reason(backend);
	bool explained = told == REASON_PAUSED || told == REASON_OOM_KILLED;

	if (!explained && watch_is_busy(watch)) {
		judge_busy(watch);
		return;
	}
	questions_answer(watch, watch->probe_no, false);
	if (++watch->misses >= health->config.fall) {
		watch_down(watch, explained ? told : REASON_PROBE_TIMEOUT);
		return;
	}
	watch_follow_up(watch, haste);
	watch_schedule(watch);
	backend_ref(backend);
	watch_suspect(watch, REASON_PROBE_TIMEOUT);
	watch_tell_missed(health, backend);
	backend_unref(backend);
}

static void judge_good(struct watch *watch)
{
	questions_answer(watch, watch->probe_no, true);
	watch_forgive(watch);
	if (backend_state(watch->backend) == BACKEND_SUSPECT && watch->probe_no >= watch->trust_no)
		watch_ready(watch);
	else
		watch_schedule(watch);
}

/* It gets no new requests, and is on its way out: what is left to find out is whether those that it has are lost. */
static void judge_draining(struct watch *watch, enum probe_outcome outcome, enum haste haste)
{
	enum probe_kind kind = probe_outcome_kind(outcome);
	bool good = kind == PROBE_WELL || kind == PROBE_OURS;

	if (outcome == PROBE_BAD_STATUS && fails_like_all(watch))
		good = true; /* its reply is all there is */
	if (!good && kind == PROBE_HARD) {
		watch_down(watch, probe_outcome_reason(outcome));
		return;
	}
	questions_answer(watch, watch->probe_no, good);
	watch->misses = good || watch_is_busy(watch) ? 0 : watch->misses + 1;
	if (watch->misses >= watch->health->config.fall) {
		watch_down(watch, REASON_PROBE_TIMEOUT);
		return;
	}
	if (watch->misses > 0)
		watch_follow_up(watch, haste);
	watch_schedule(watch);
	if (watch->misses > 0)
		watch_tell_missed(watch->health, watch->backend);
}

/* Has another one just answered 5xx, too, and is nobody well? */
static bool says_like_another(const struct watch *self)
{
	int64_t since_us = clock_us() - round_us(self->health);
	const struct watch *watch;

	if (others_ready(self))
		return false;
	TAILQ_FOREACH (watch, &self->health->watches, link)
		if (watch != self && (watch->alike || watch->said_us >= since_us))
			return true;
	return false;
}

/* Whether it has had its time; what for, if so. */
static bool start_is_over(struct watch *watch, enum probe_outcome outcome, enum reason *reason)
{
	int64_t now_us = clock_us();
	bool ill = false;

	if (outcome == PROBE_BAD_STATUS) {
		ill = now_us >= watch->status_until_us && !says_like_another(watch);
		watch->said_us = now_us;
		watch->health->status_us = now_us;
	}
	if (outcome == PROBE_TIMEOUT && watch->start_timeout_ms >= watch->health->config.timeout_ms)
		ill = now_us >= watch->status_until_us;
	*reason = now_us >= watch->start_until_us ? REASON_START_TIMEOUT
	          : outcome == PROBE_TIMEOUT      ? REASON_PROBE_TIMEOUT
	                                          : REASON_PROBE_STATUS;
	return ill || now_us >= watch->start_until_us;
}

static void judge_start(struct watch *watch, const struct probe_finding *finding)
{
	enum probe_outcome outcome = finding->outcome;
	enum reason reason;

	questions_answer(watch, watch->probe_no, outcome == PROBE_GOOD);
	if (outcome == PROBE_GOOD) {
		watch_ready(watch);
		return;
	}
	if (start_is_over(watch, outcome, &reason)) {
		watch_note_start_over(watch, finding);
		watch_down(watch, reason);
		return;
	}
	watch_tell_start(watch, finding);
	watch_schedule(watch);
	watch->start_delay_us *= 2;
	if (watch->start_delay_us > START_DELAY_MAX_US)
		watch->start_delay_us = START_DELAY_MAX_US;
	if (outcome == PROBE_TIMEOUT && watch->start_timeout_ms < watch->health->config.timeout_ms)
		watch->start_timeout_ms *= 2;
}

static void judge(struct watch *watch, enum probe_outcome outcome, enum haste haste)
{
	switch (probe_outcome_kind(outcome)) {
	case PROBE_WELL:
		judge_good(watch);
		break;
	case PROBE_SOFT:
		judge_timeout(watch, haste);
		break;
	case PROBE_OURS:
		questions_answer(watch, watch->probe_no, true);
		watch_schedule(watch);
		break;
	case PROBE_HARD:
		judge_hard(watch, probe_outcome_reason(outcome));
		break;
	}
}

static void on_probe(const struct probe_finding *finding, void *arg)
{
	struct watch *watch = arg;
	enum haste haste = watch->haste;

	watch->probe = NULL;
	if (finding->outcome == PROBE_GOOD)
		watch_note_usual(watch, finding->took_us);
	if (probe_outcome_kind(finding->outcome) == PROBE_SOFT)
		watch_tell_late(watch);
	watch_note_finding(watch, finding);
	switch (backend_state(watch->backend)) {
	case BACKEND_STARTING:
		judge_start(watch, finding);
		break;
	case BACKEND_READY:
	case BACKEND_SUSPECT:
		judge(watch, finding->outcome, haste);
		break;
	case BACKEND_DRAINING:
		judge_draining(watch, finding->outcome, haste);
		break;
	default: /* the supervisor takes it away: nothing left to judge */
		health_unwatch(watch->backend);
	}
}

/* --- evidence --- */

static void health_doubt(struct backend *backend, enum reason reason)
{
	struct watch *watch = backend_watch(backend);

	if (watch == NULL || backend_state(backend) == BACKEND_STARTING)
		return;
	const struct health *health = watch->health;
	watch->trust_no = watch->probe_no + 1;
	if (reason == REASON_PAUSED)
		watch_hurry_quickly(watch);
	else
		watch_hurry(watch);
	if (backend_state(backend) != BACKEND_DRAINING)
		watch_suspect(watch, reason);
	if (reason == REASON_PAUSED) /* nothing can come from it */
		watch_tell_missed(health, backend);
}

void health_exchange_failed(struct backend *backend)
{
	health_doubt(backend, REASON_EXCHANGE_FAILED);
}

void health_engine_doubt(struct backend *backend, enum reason reason)
{
	health_doubt(backend, reason);
}

void health_engine_died(struct backend *backend, enum reason reason)
{
	struct watch *watch = backend_watch(backend);

	backend_set_finding(backend, ""); /* what the engine says outweighs it */
	if (watch != NULL) {
		watch_down(watch, reason);
	} else if (backend_state(backend) != BACKEND_DOWN) {
		backend_open_incident(backend);
		backend_set_state(backend, BACKEND_DOWN, reason);
	}
}
