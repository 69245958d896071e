/* health_schedule: one timer, one probe; see the header for when.
 *
 *   schedule_hurry, timer -> make_probe -> on_probe -> on_finding -> schedule_next -> timer
 *
 * Invariants: the timer is armed only while no probe is in flight; due_us lies on the grid, in the future of the last probe.
 */
#include "orchestrator/fleet/health_schedule.h"

#include "common/clock.h"

#include <assert.h>

#define START_PAUSE_MIN_US 5000
#define START_PAUSE_MAX_US 100000
#define START_TIMEOUT_MIN_MS 100
#define QUICK_MS 250
#define SECOND_MS 500
#define USUAL_PROBES 4         /* a hasty probe may take so many times what a probe usually takes */
#define QUICK_EVERY_US 1000000 /* between two quick probes of a silent backend */

static void on_due(void *arg);

void schedule_init(struct schedule *schedule, const struct schedule_settings *settings)
{
	*schedule = (struct schedule){.settings = *settings,
	                              .due_us = INT64_MAX,
	                              .start_us = START_PAUSE_MIN_US,
	                              .start_ms = START_TIMEOUT_MIN_MS};
	schedule->timer = timer_new(settings->base, on_due, schedule);
}

void schedule_clear(struct schedule *schedule)
{
	if (schedule->probe != NULL)
		probe_cancel(schedule->probe);
	schedule->probe = NULL;
	timer_free(schedule->timer);
	schedule->timer = NULL;
}

static int64_t interval_us(const struct schedule *schedule)
{
	return schedule->settings.config->interval_ms * 1000;
}

/* The first beat of this slot after now: slots are spread over the interval by the golden ratio, which needs no
 * knowledge of how many there will be. */
static int64_t first_beat(const struct schedule *schedule, int64_t now_us)
{
	int64_t interval = interval_us(schedule);
	uint64_t slot = (uint64_t)backend_slot(schedule->settings.backend);
	int64_t shift = (int64_t)((slot + 1) * 618034 % 1000000) * interval / 1000000;
	int64_t past = (now_us - shift) % interval;

	return now_us + interval - (past < 0 ? past + interval : past);
}

void schedule_begin_beats(struct schedule *schedule)
{
	schedule->beating = true;
	schedule->due_us = first_beat(schedule, clock_us());
}

/* Of the probe that is in flight, or about to be. */
static int timeout_ms(const struct schedule *schedule)
{
	int64_t most_ms = schedule->settings.config->timeout_ms;
	int64_t least_ms = schedule->haste == HASTE_QUICK ? QUICK_MS : SECOND_MS;
	int64_t ms = USUAL_PROBES * schedule->usual_us / 1000;

	if (!schedule->beating)
		ms = schedule->start_ms;
	else if (schedule->haste == HASTE_NONE)
		ms = most_ms;
	else if (ms < least_ms)
		ms = least_ms;
	return (int)(ms < most_ms ? ms : most_ms);
}

bool schedule_was_patient(const struct schedule *schedule)
{
	return schedule->given_ms >= schedule->settings.config->timeout_ms;
}

static void on_probe(const struct probe_finding *finding, void *arg)
{
	struct schedule *schedule = arg;

	schedule->probe = NULL;
	if (finding->outcome == PROBE_GOOD)
		schedule->usual_us += (finding->took_us - schedule->usual_us) / 8;
	if (!schedule->beating && finding->outcome == PROBE_TIMEOUT && !schedule_was_patient(schedule))
		schedule->start_ms *= 2;
	schedule->settings.on_finding(finding, schedule->settings.arg);
}

static void make_probe(struct schedule *schedule)
{
	const struct schedule_settings *settings = &schedule->settings;
	int64_t now_us = clock_us();

	assert(schedule->probe == NULL);
	schedule->wanted = false;
	timer_clear(schedule->timer);
	while (schedule->due_us <= now_us)
		schedule->due_us += interval_us(schedule);
	schedule->probe_no++;
	schedule->asked_us = now_us;
	schedule->haste = schedule->next_haste;
	schedule->next_haste = HASTE_NONE;
	schedule->given_ms = timeout_ms(schedule);
	const struct probe_question question = {.address = backend_address(settings->backend),
	                                        .host = backend_service(settings->backend),
	                                        .path = settings->config->path,
	                                        .identity = backend_identity(settings->backend),
	                                        .timeout_ms = schedule->given_ms};
	schedule->probe = probe_start(settings->base, &question, on_probe, schedule);
}

static void on_due(void *arg)
{
	make_probe(arg);
}

/* Each pause is twice as long as the one before. */
static int64_t start_pause_us(struct schedule *schedule)
{
	int64_t pause_us = schedule->start_us;

	schedule->start_us = 2 * pause_us < START_PAUSE_MAX_US ? 2 * pause_us : START_PAUSE_MAX_US;
	return pause_us;
}

void schedule_next(struct schedule *schedule)
{
	if (schedule->wanted)
		timer_set(schedule->timer, 0);
	else if (schedule->beating)
		timer_set_at(schedule->timer, schedule->due_us);
	else
		timer_set(schedule->timer, start_pause_us(schedule));
}

void schedule_want(struct schedule *schedule)
{
	schedule->wanted = true;
}

void schedule_hurry(struct schedule *schedule)
{
	schedule->wanted = true;
	if (schedule->probe == NULL)
		make_probe(schedule);
}

void schedule_hurry_quickly(struct schedule *schedule)
{
	schedule->next_haste = HASTE_QUICK;
	if (schedule->probe != NULL) {
		schedule->haste = HASTE_QUICK;
		schedule->asked_us = clock_us();
		probe_hasten(schedule->probe, timeout_ms(schedule));
	}
	schedule_hurry(schedule);
}

bool schedule_ask_silent(struct schedule *schedule)
{
	int64_t now_us = clock_us();

	if (now_us < schedule->quick_us)
		return false;
	schedule->quick_us = now_us + QUICK_EVERY_US;
	if (schedule->probe != NULL && schedule->haste != HASTE_NONE)
		return false;
	schedule_hurry_quickly(schedule);
	return true;
}

void schedule_follow_up(struct schedule *schedule)
{
	if (schedule->haste != HASTE_QUICK)
		return;
	schedule->next_haste = HASTE_SECOND;
	schedule->wanted = true;
}
