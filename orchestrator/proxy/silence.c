/* silence: a tick. A tick that comes late looks at nothing: bytes may have come that were not read yet. */
#include "orchestrator/proxy/silence.h"

#include "common/clock.h"
#include "orchestrator/fleet/health.h"
#include "orchestrator/base/loop.h"
#include "orchestrator/proxy/service.h"

#define TICK_US 25000
#define LATE_US 50000
#define AWAKE_US 1000000

static void next_tick(struct silence *silence, int64_t now_us)
{
	silence->expected_us = now_us + TICK_US;
	struct timeval tick = clock_timeval(TICK_US);

	event_add(silence->tick, &tick);
}

/* Does anybody wait for a byte of it? */
static bool look_at(struct backend *backend, int64_t now_us, bool late)
{
	const struct pulse *pulse = backend_pulse(backend);

	if (pulse->waiting == 0)
		return false;
	if (!late && pulse_is_silent(pulse, now_us))
		health_silent(backend);
	return true;
}

static bool look_at_all(const struct silence *silence, int64_t now_us, bool late)
{
	const struct service *service;
	bool waiting = false;

	for (size_t i = 0; (service = silence->at(i, silence->arg)) != NULL; i++)
		for (size_t k = 0; k < fleet_count(service->fleet); k++)
			waiting |= look_at(fleet_at(service->fleet, k), now_us, late);
	return waiting;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct silence *silence = arg;
	int64_t now_us = clock_us();
	bool late = now_us - silence->expected_us > LATE_US;
	bool waiting = look_at_all(silence, now_us, late);
	if (waiting)
		silence->sleepy_us = now_us;
	silence->awake = now_us - silence->sleepy_us < AWAKE_US;
	if (silence->awake)
		next_tick(silence, now_us);
}

void silence_open(struct silence *silence, struct event_base *base, struct service *(*at)(size_t index, void *arg),
                  void *arg)
{
	silence->at = at;
	silence->arg = arg;
	silence->tick = loop_event_new(base, LOOP_CLIENTS, -1, 0, on_tick, silence);
}

void silence_close(struct silence *silence)
{
	if (silence->tick != NULL)
		event_free(silence->tick);
	silence->tick = NULL;
}

void silence_start(struct silence *silence)
{
	silence->awake = true;
	silence->sleepy_us = clock_recent_us();
	next_tick(silence, silence->sleepy_us);
}
