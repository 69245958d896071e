/* health_hang: is a backend whose probe is late busy, or does it hang?
 *
 * Busy: it sent bytes of replies while the probe waited, or has sent more than its clients take (then a thread of it waits
 * in a write, and the probe for a thread). It leaves the rotation while another one is READY, and is not replaced for
 * it, unless that lasts for start_ms.
 *
 * Hang: the proxy says that it owes replies and is silent (health_silent), or the engine says that it is paused. Then it is
 * probed at once, with little patience: no probe of a well one takes so long. Missed: the first soft fault, and the
 * second probe follows at once. Later ones keep the beat, so that `fall` still says how much is forgiven.
 */
#include "orchestrator/fleet/health_private.h"

#include "common/clock.h"
#include "common/log.h"

#define QUICK_MS 250
#define SECOND_MS 500
#define USUAL_PROBES 4         /* a probe may take so many times what it usually takes */
#define QUICK_EVERY_US 1000000 /* between two quick probes of a backend */

/* --- patience --- */

int watch_timeout_ms(const struct watch *watch)
{
	int64_t most_ms = watch->health->config.timeout_ms;
	int64_t ms = USUAL_PROBES * watch->usual_probe_us / 1000;
	int64_t least_ms = watch->haste == HASTE_QUICK ? QUICK_MS : SECOND_MS;

	if (backend_state(watch->backend) == BACKEND_STARTING)
		ms = watch->start_timeout_ms;
	else if (watch->haste == HASTE_NONE)
		ms = most_ms;
	else if (ms < least_ms)
		ms = least_ms;
	return (int)(ms < most_ms ? ms : most_ms);
}

void watch_note_usual(struct watch *watch, int64_t took_us)
{
	watch->usual_probe_us += (took_us - watch->usual_probe_us) / 8;
}

/* One in flight may have been answered just before, so it is not the last word; it has as long as a quick one from now. */
void watch_hurry_quickly(struct watch *watch)
{
	watch->next_haste = HASTE_QUICK;
	if (watch->probe != NULL) {
		watch->haste = HASTE_QUICK;
		watch->asked_us = clock_us();
		probe_hasten(watch->probe, watch_timeout_ms(watch));
	}
	watch_hurry(watch);
}

void health_silent(struct backend *backend)
{
	struct watch *watch = backend_watch(backend);
	int64_t now_us = clock_us();

	if (watch == NULL || backend_state(backend) == BACKEND_STARTING || now_us < watch->quick_us)
		return;
	watch->quick_us = now_us + QUICK_EVERY_US;
	if (watch->probe != NULL && watch->haste != HASTE_NONE)
		return;
	log_debug("event=silent service=%s slot=%d container=%.12s waiting=%u", backend_service(watch->backend),
	          backend_slot(backend), backend_container_id(backend), backend_pulse(backend)->waiting);
	watch_hurry_quickly(watch);
}

/* --- late --- */

/* The second of a hang. A first one in flight has told what it could. */
void watch_follow_up(struct watch *watch, enum haste missed)
{
	if (missed != HASTE_QUICK)
		return;
	watch->next_haste = HASTE_SECOND;
	watch->now = true;
}

void watch_tell_late(const struct watch *watch)
{
	const struct health_traffic *traffic = watch->health->traffic;

	if (traffic != NULL)
		traffic->on_late(watch->backend);
}

void watch_tell_missed(const struct health *health, struct backend *backend)
{
	backend_pulse(backend)->missed = true;
	if (health->traffic != NULL)
		health->traffic->on_missed(backend);
}

/* --- busy --- */

static bool is_unread(const struct watch *watch)
{
	const struct health_traffic *traffic = watch->health->traffic;

	return traffic != NULL && traffic->is_unread(watch->backend);
}

bool watch_is_busy(const struct watch *watch)
{
	return backend_pulse(watch->backend)->heard_us >= watch->asked_us || is_unread(watch);
}

bool watch_is_busy_too_long(struct watch *watch)
{
	int64_t now_us = clock_us();

	if (watch->busy_us == 0) {
		watch->busy_us = watch->asked_us;
		log_warn(
		        "event=busy service=%s slot=%d container=%.12s error=\"its health check is not answered in time, "
		        "but it goes on sending replies\"",
		        backend_service(watch->backend), backend_slot(watch->backend),
		        backend_container_id(watch->backend));
	}
	return now_us - watch->busy_us >= watch->health->config.start_ms * 1000;
}
