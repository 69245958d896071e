/* health_start: two ends of a start: one for every container, one for what would be a fault in one that serves. */
#include "orchestrator/fleet/health_start.h"

#include "common/clock.h"
#include "orchestrator/fleet/health_kept.h"

static void begin(struct watch *watch, int64_t start_us, int64_t status_us)
{
	int64_t now_us = clock_us();

	watch->start = (struct watch_start){.begun_us = now_us,
	                                    .until_us = now_us + start_us,
	                                    .status_until_us = now_us + status_us,
	                                    .said_us = INT64_MIN};
}

void start_begin(struct watch *watch)
{
	int64_t start_us = watch->health->config.start_ms * 1000;

	begin(watch, start_us, start_us);
}

void start_begin_running(struct watch *watch, int64_t running_ms)
{
	const struct config_health *config = &watch->health->config;
	int64_t rest_us = (config->start_ms - running_ms) * 1000;
	int64_t least_us = config->fall * watch_round_us(watch->health);

	begin(watch, rest_us > least_us ? rest_us : least_us, least_us);
}

/* Is this a fault though the time of a start is not over? */
static bool is_ill(struct watch *watch, enum probe_outcome outcome, int64_t now_us)
{
	bool over = now_us >= watch->start.status_until_us;

	if (outcome == PROBE_BAD_STATUS) {
		bool ill = over && !kept_says_like_another(watch);

		watch->start.said_us = now_us;
		kept_note_status(watch->health);
		return ill;
	}
	return over && outcome == PROBE_TIMEOUT && schedule_was_patient(&watch->schedule);
}

bool start_is_over(struct watch *watch, enum probe_outcome outcome, enum reason *reason)
{
	int64_t now_us = clock_us();
	bool ill = is_ill(watch, outcome, now_us), over = now_us >= watch->start.until_us;

	*reason = over ? REASON_START_TIMEOUT : probe_outcome_reason(outcome);
	return ill || over;
}
