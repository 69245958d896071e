/* silence: a tick. A tick that comes late looks at nothing: bytes may have come that were not read yet. */
#include "orchestrator/proxy/silence.h"

#include "common/clock.h"
#include "orchestrator/fleet/health.h"
#include "orchestrator/base/loop.h"
#include "orchestrator/proxy/proxy.h"

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

static bool look_at_all(struct service *const *services, size_t count, int64_t now_us, bool late)
{
	bool waiting = false;

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < fleet_count(services[i]->fleet); k++)
			waiting |= look_at(fleet_at(services[i]->fleet, k), now_us, late);
	return waiting;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct silence *silence = arg;
	const struct proxy *proxy = silence->proxy;
	int64_t now_us = clock_us();
	bool late = now_us - silence->expected_us > LATE_US;
	bool waiting = look_at_all(proxy->services, proxy->service_count, now_us, late);
	waiting |= look_at_all(proxy->retired, proxy->retired_count, now_us, late);
	if (waiting)
		silence->sleepy_us = now_us;
	silence->awake = now_us - silence->sleepy_us < AWAKE_US;
	if (silence->awake)
		next_tick(silence, now_us);
}

void silence_open(struct silence *silence, struct proxy *proxy)
{
	silence->proxy = proxy;
	silence->tick = loop_event_new(proxy->base, LOOP_CLIENTS, -1, 0, on_tick, silence);
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
