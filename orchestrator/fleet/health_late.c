/* health_late: signs of life, read from the backend's pulse and asked of those who have its traffic. */
#include "orchestrator/fleet/health_late.h"

#include "common/clock.h"
#include "common/log.h"

static bool is_unread(const struct watch *watch)
{
	const struct health_traffic *traffic = watch->health->traffic;

	return traffic != NULL && traffic->is_unread(watch->backend);
}

bool late_is_busy(const struct watch *watch)
{
	return backend_pulse(watch->backend)->heard_us >= watch->schedule.asked_us || is_unread(watch);
}

bool late_is_busy_too_long(struct watch *watch)
{
	const struct backend *backend = watch->backend;
	int64_t now_us = clock_us();

	if (watch->busy_us == 0) {
		watch->busy_us = watch->schedule.asked_us;
		log_warn("event=busy service=%s slot=%d container=%.12s error=\"its health check is not answered in "
		         "time, but it goes on sending replies\"",
		         backend_service(backend), backend_slot(backend), backend_container_id(backend));
	}
	return now_us - watch->busy_us >= watch->health->config.start_ms * 1000;
}

void late_forget(struct watch *watch)
{
	watch->busy_us = 0;
	backend_pulse(watch->backend)->missed = false;
}

void late_tell(const struct watch *watch)
{
	const struct health_traffic *traffic = watch->health->traffic;

	if (traffic != NULL)
		traffic->on_late(watch->backend);
}

void late_tell_missed(const struct health *health, struct backend *backend)
{
	backend_pulse(backend)->missed = true;
	if (health->traffic != NULL)
		health->traffic->on_missed(backend);
}
