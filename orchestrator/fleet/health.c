/* health: what the others call; the rest is in parts.
 *
 *   schedule -> probe -> verdict: start, kept, late -> watch_down, watch_suspect, READY
 *   evidence from the engine and from exchanges -> verdict_doubt, watch_down
 *   questions of exchanges -> the next probe -> answers
 *
 * One watch per backend holds its schedule, its questions and what the verdicts remember. Evidence makes a backend SUSPECT and
 * the next probe come now; a good result counts against it only if that probe began after the evidence.
 */
#include "orchestrator/fleet/health.h"

#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/fleet/health_start.h"
#include "orchestrator/fleet/health_verdict.h"

#include <stdlib.h>

/* --- life ------------------------------------------------------------------------------------------------------ */

struct health *health_new(const struct health_settings *settings)
{
	struct health *health = mem_zero(sizeof(*health));

	health->base = settings->base;
	health->config = *settings->config;
	health->config.path = mem_dup(settings->config->path);
	health->traffic = settings->traffic;
	answers_init(&health->answers, settings->base);
	TAILQ_INIT(&health->watches);
	return health;
}

void health_configure(struct health *health, const struct config_health *config)
{
	char *path = mem_dup(config->path);

	free(health->config.path);
	health->config = *config;
	health->config.path = path;
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
	answers_clear(&health->answers);
	free(health->config.path);
	free(health);
}

/* --- watching -------------------------------------------------------------------------------------------------- */

void health_watch(struct health *health, struct backend *backend)
{
	struct watch *watch = watch_new(health, backend, verdict_on_finding);

	start_begin(watch);
	schedule_hurry(&watch->schedule);
}

void health_watch_running(struct health *health, struct backend *backend, int64_t running_ms)
{
	struct watch *watch = watch_new(health, backend, verdict_on_finding);

	start_begin_running(watch, running_ms);
	schedule_hurry(&watch->schedule);
}

void health_unwatch(struct backend *backend)
{
	struct watch *watch = backend_watch(backend);

	if (watch != NULL)
		watch_end(watch, backend_state(backend) != BACKEND_DOWN);
}

/* --- evidence -------------------------------------------------------------------------------------------------- */

static void doubt(struct backend *backend, enum reason reason)
{
	struct watch *watch = backend_watch(backend);

	if (watch != NULL && backend_state(backend) != BACKEND_STARTING)
		verdict_doubt(watch, reason);
}

void health_exchange_failed(struct backend *backend)
{
	doubt(backend, REASON_EXCHANGE_FAILED);
}

void health_engine_doubt(struct backend *backend, enum reason reason)
{
	doubt(backend, reason);
}

void health_engine_died(struct backend *backend, enum reason reason)
{
	struct watch *watch = backend_watch(backend);

	backend_set_finding(backend, ""); /* what the engine says outweighs what the last probe saw */
	if (watch != NULL) {
		watch_down(watch, reason);
	} else if (backend_state(backend) != BACKEND_DOWN) {
		backend_open_incident(backend);
		backend_set_state(backend, BACKEND_DOWN, reason);
	}
}

void health_silent(struct backend *backend)
{
	struct watch *watch = backend_watch(backend);

	if (watch == NULL || backend_state(backend) == BACKEND_STARTING || !schedule_ask_silent(&watch->schedule))
		return;
	log_debug("event=silent service=%s slot=%d container=%.12s waiting=%u", backend_service(backend),
	          backend_slot(backend), backend_container_id(backend), backend_pulse(backend)->waiting);
}

/* --- questions ------------------------------------------------------------------------------------------------- */

struct health_question *health_ask(struct health *health, struct backend *backend, health_answer *answer, void *arg)
{
	struct watch *watch = backend_watch(backend);
	struct health_question *question;

	if (watch == NULL)
		return question_new_answered(&health->answers, backend_state(backend) != BACKEND_DOWN, answer, arg);
	question = question_new(&watch->questions, watch->schedule.probe_no + 1, answer, arg);
	schedule_hurry(&watch->schedule);
	return question;
}

void health_ask_cancel(struct health_question *question)
{
	question_free(question);
}
