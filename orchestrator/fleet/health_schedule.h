/* health_schedule: when a backend's next probe is made, and how long it may take. One probe is in flight at most. It knows
 * nothing of verdicts.
 *
 * While the container starts a probe is made at once and then after 5 ms, doubling to 100 ms; it may take 100 ms, doubling each
 * time that was too short, up to timeout_ms. From schedule_begin_beats on a probe is made every interval_ms, on a grid that the
 * slot shifts, so that probes of different slots are spread and stay so; probes made in between do not shift the grid.
 *
 * A backend that seems to hang is asked in haste: a quick probe at once (max(250 ms, 4 x its usual time)), and where that is
 * missed a second one behind it (500 ms). No probe of a backend that is well takes so long.
 *
 * on_finding is called from the loop, once for each probe, with none in flight; whoever gets it calls schedule_next or
 * schedule_clear, perhaps others of these before.
 */
#pragma once

#include "orchestrator/base/timer.h"
#include "orchestrator/config/config.h"
#include "orchestrator/fleet/probe.h"

enum haste { HASTE_NONE, HASTE_QUICK, HASTE_SECOND };

struct schedule_settings {
	struct event_base *base;
	const struct config_health *config; /* borrowed; what it says may change at any time */
	const struct backend *backend;      /* borrowed */
	probe_done *on_finding;
	void *arg;
};

/* Others read probe_no and asked_us. */
struct schedule {
	struct schedule_settings settings;
	struct timer *timer; /* the next probe */
	struct probe *probe; /* in flight; NULL: none */
	uint64_t probe_no;   /* of the probe in flight, or of the last; the first is 1 */
	int64_t asked_us;    /* since when that probe waits; what came from the backend since then is a sign of life */
	int given_ms;        /* how long that probe may take, or might */
	bool beating;        /* false: the container starts */
	bool wanted;         /* the next probe is made as soon as none is in flight */
	int64_t due_us;      /* the next beat */
	int64_t start_us;    /* the pause before the next probe while the container starts */
	int start_ms;        /* how long that probe may take */
	enum haste haste;    /* of the probe in flight, or of the last */
	enum haste next_haste;
	int64_t quick_us; /* schedule_ask_silent does nothing before */
	int64_t usual_us; /* how long a good probe takes: a moving average; 0: there was none */
};

/* Nothing happens yet: schedule_hurry makes the first probe. */
void schedule_init(struct schedule *schedule, const struct schedule_settings *settings);
void schedule_clear(struct schedule *schedule); /* a probe in flight is cancelled */

/* The container has started: beats from now on. */
void schedule_begin_beats(struct schedule *schedule);

/* Arms the timer for the next probe. None is in flight. */
void schedule_next(struct schedule *schedule);

/* The next probe is made as soon as none is in flight: schedule_hurry makes it now if it can, schedule_want leaves that to
 * schedule_next. */
void schedule_hurry(struct schedule *schedule);
void schedule_want(struct schedule *schedule);

/* As schedule_hurry, with a quick probe. A probe in flight may have been answered just before, so its finding is not the last
 * word; it has as long as a quick one from now. */
void schedule_hurry_quickly(struct schedule *schedule);

/* The same for a backend that is silent, at most once a second, and not while a hasty probe is in flight. False: nothing was
 * done. */
bool schedule_ask_silent(struct schedule *schedule);

/* The last probe was missed: if that was a quick one, a second one is wanted behind it. */
void schedule_follow_up(struct schedule *schedule);

/* Had the last probe all the time that the configuration gives to one? */
bool schedule_was_patient(const struct schedule *schedule);
