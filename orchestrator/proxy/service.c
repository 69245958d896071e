/* service: a list in order of arrival. */
#include "orchestrator/proxy/service.h"

bool service_hold(struct service *service, struct held *held, int64_t hold_max)
{
	if ((int64_t)service->held_count >= hold_max)
		return false;
	held->waiting = true;
	held->next = NULL;
	held->prev = service->last_held;
	if (held->prev != NULL)
		held->prev->next = held;
	else
		service->first_held = held;
	service->last_held = held;
	service->held_count++;
	service->stats.held = service->held_count;
	service->stats.held_total++;
	return true;
}

void service_unhold(struct service *service, struct held *held)
{
	if (!held->waiting)
		return;
	held->waiting = false;
	if (held->prev != NULL)
		held->prev->next = held->next;
	else
		service->first_held = held->next;
	if (held->next != NULL)
		held->next->prev = held->prev;
	else
		service->last_held = held->prev;
	held->prev = held->next = NULL;
	service->held_count--;
	service->stats.held = service->held_count;
}

bool service_has_backend(const struct service *service)
{
	return fleet_count_state(service->fleet, BACKEND_READY) + fleet_count_state(service->fleet, BACKEND_STARTING) +
	               fleet_count_state(service->fleet, BACKEND_SUSPECT) >
	       0;
}

/* Where nothing is READY something will be started, or is being judged. */
bool service_may_recover(const struct service *service, const struct fleet_tried *tried)
{
	bool exhausted = false;

	for (size_t i = 0; i < fleet_count(service->fleet); i++) {
		const struct backend *backend = fleet_at(service->fleet, i);
		enum backend_state state = backend_state(backend);
		if (state == BACKEND_STARTING || state == BACKEND_SUSPECT)
			return true;
		if (state != BACKEND_READY)
			continue;
		if (!fleet_tried_has(tried, backend_serial(backend)))
			return true;
		exhausted = true;
	}
	return !exhausted;
}
