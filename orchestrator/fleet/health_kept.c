/* health_kept: who else is well, and since when nobody is.
 *
 * 5xx of two backends within a probe and the pause before it (watch_round_us) are the same trouble.
 */
#include "orchestrator/fleet/health_kept.h"

#include "common/clock.h"
#include "common/log.h"

#define KEPT_INTERVALS 5

void kept_note_status(struct health *health)
{
	health->status_us = clock_us();
}

void kept_forget(struct watch *watch)
{
	watch->kept.on = false;
}

void kept_review(const struct watch *well)
{
	struct watch *watch;

	well->health->status_us = 0;
	TAILQ_FOREACH (watch, &well->health->watches, link)
		if (watch != well && watch->kept.on)
			schedule_hurry(&watch->schedule);
}

bool kept_others_ready(const struct watch *self)
{
	const struct watch *watch;

	TAILQ_FOREACH (watch, &self->health->watches, link)
		if (watch != self && !watch->kept.on && backend_state(watch->backend) == BACKEND_READY)
			return true;
	return false;
}

bool kept_fails_like_all(const struct watch *watch)
{
	const struct health *health = watch->health;

	if (kept_others_ready(watch))
		return false;
	return watch->kept.on || (health->status_us != 0 && clock_us() - health->status_us <= watch_round_us(health));
}

bool kept_says_like_another(const struct watch *self)
{
	int64_t since_us = clock_us() - watch_round_us(self->health);
	const struct watch *watch;

	if (kept_others_ready(self))
		return false;
	TAILQ_FOREACH (watch, &self->health->watches, link)
		if (watch != self && (watch->kept.on || watch->start.said_us >= since_us))
			return true;
	return false;
}

bool kept_serves(const struct watch *watch)
{
	return watch->kept.on && clock_us() >= watch->kept.until_us;
}

static void keep_log(const struct watch *watch)
{
	const struct backend *backend = watch->backend;

	log_error("event=kept service=%s slot=%d container=%.12s reason=%s incident=%s "
	          "error=\"every container of the service fails its health check with 5xx: a full disk or a "
	          "locked store? One is replaced at a time\"",
	          backend_service(backend), backend_slot(backend), backend_container_id(backend),
	          reason_text(REASON_PROBE_STATUS), incident_text(backend_incident(backend)));
}

void kept_keep(struct watch *watch)
{
	int64_t now_us = clock_us();

	if (!watch->kept.on) {
		watch->kept.on = true;
		watch->kept.until_us = now_us + KEPT_INTERVALS * watch->health->config.interval_ms * 1000;
		keep_log(watch);
	}
	schedule_next(&watch->schedule);
	if (now_us < watch->kept.until_us)
		watch_suspect(watch, REASON_PROBE_STATUS);
	else if (backend_state(watch->backend) == BACKEND_SUSPECT)
		backend_set_state(watch->backend, BACKEND_READY, REASON_PROBE_STATUS);
}
