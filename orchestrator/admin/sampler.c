/* sampler: a timer, and what a service looks like in a handful of numbers.
 *
 * Cheap by choice: counters and states are read, no text is made. It waits as clients do: under load a probe goes first, and
 * a round that comes late belongs to the step in which it comes.
 */
#include "orchestrator/admin/sampler.h"

#include "common/clock.h"
#include "common/mem.h"
#include "orchestrator/admin/curves.h"
#include "orchestrator/admin/events.h"
#include "orchestrator/base/timer.h"

#include <stdlib.h>

#define ROUND_US 1000000

struct sampler {
	struct desk *desk;
	struct timer *timer;
	int64_t next_us;
};

/* A backend that drains still answers probes. */
static void read_slots(struct curves_service *curves, const struct fleet *fleet)
{
	for (size_t i = 0; i < fleet_count(fleet); i++) {
		const struct backend *backend = fleet_at(fleet, i);
		enum backend_state state = backend_state(backend);
		if (backend_slot(backend) >= 0 && backend_probe_us(backend) >= 0 &&
		    (state == BACKEND_READY || state == BACKEND_DRAINING))
			curves_probe(curves, (size_t)backend_slot(backend), backend_probe_us(backend));
	}
}

static void read_service(const struct desk *desk, size_t index)
{
	struct supervisor *supervisor = supervisors_at(desk->settings.supervisors, index);
	const struct scaler *scaler = supervisor_scaler(supervisor);
	const struct fleet *fleet = supervisor_fleet(supervisor);
	struct curves_reading reading = {.service = supervisor_service(supervisor)->name,
	                                 .requests = stats_replies(desk->settings.stats(index, desk->settings.arg)),
	                                 .counted = scaler->open ? scaler->count : 0,
	                                 .ready = (int)fleet_count_state(fleet, BACKEND_READY),
	                                 .wanted = scaler->wanted};

	read_slots(curves_service(desk->curves, &reading), fleet);
}

static void on_round(void *arg)
{
	struct sampler *sampler = arg;
	struct desk *desk = sampler->desk;
	int64_t now_us = clock_us();

	curves_begin(desk->curves, now_us);
	for (size_t i = 0; i < supervisors_count(desk->settings.supervisors); i++)
		read_service(desk, i);
	if (curves_end(desk->curves))
		events_curves(desk->events);
	sampler->next_us = sampler->next_us + ROUND_US > now_us ? sampler->next_us + ROUND_US : now_us + ROUND_US;
	timer_set_at(sampler->timer, sampler->next_us);
}

struct sampler *sampler_new(struct desk *desk)
{
	struct sampler *sampler = mem_zero(sizeof(*sampler));

	sampler->desk = desk;
	sampler->timer = timer_new_of_clients(desk->settings.base, on_round, sampler);
	sampler->next_us = clock_us();
	timer_set_at(sampler->timer, sampler->next_us);
	return sampler;
}

void sampler_free(struct sampler *sampler)
{
	if (sampler == NULL)
		return;
	timer_free(sampler->timer);
	free(sampler);
}
