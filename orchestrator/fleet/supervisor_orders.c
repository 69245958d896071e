/* supervisor_orders: the wishes of those outside: the proxy's, which counts and waits, and an operator's. */
#include "orchestrator/fleet/supervisor_private.h"

#include "orchestrator/fleet/leading.h"

void supervisor_count_request(struct supervisor *supervisor)
{
	slots_scale_count(&supervisor->parts.scale);
}

void supervisor_count_peers(struct supervisor *supervisor, uint64_t requests, bool waiting)
{
	slots_scale_count_others(&supervisor->parts.scale, requests, waiting);
}

void supervisor_set_waiting(struct supervisor *supervisor, size_t requests)
{
	slots_scale_waiting(&supervisor->parts.scale, requests);
}

static bool may_order(const struct supervisor *supervisor, struct err *err)
{
	const struct containers *containers = &supervisor->parts.containers;

	return !containers->following || leading_refuse(containers->harbour->leading, err);
}

bool supervisor_scale(struct supervisor *supervisor, int wanted, struct err *err)
{
	if (!may_order(supervisor, err))
		return false;
	if (supervisor->stopping)
		return err_set(err, "the service is being stopped");
	return slots_scale_ask(&supervisor->parts.scale, wanted, err);
}

/* Where the configuration's revision failed, that is what is tried again. */
bool supervisor_roll(struct supervisor *supervisor, struct err *err)
{
	struct roll *roll = &supervisor->parts.roll;

	if (!may_order(supervisor, err))
		return false;
	if (supervisor->stopping || !supervisor->started)
		return err_set(err, "the service is not running");
	if (!roll_may_renew(roll, err))
		return false;
	if (supervisor->parts.revisions.gone_back)
		roll_to(roll, supervisor_configured(supervisor));
	else
		roll_renew(roll);
	return true;
}

/* A container that serves is rolled, so that nobody notices; one that does not is taken away at once. */
bool supervisor_replace(struct supervisor *supervisor, int index, struct err *err)
{
	const char *service = supervisor->parts.containers.service->name;
	struct slots *slots = &supervisor->parts.slots;
	struct container *container;

	if (!may_order(supervisor, err))
		return false;
	if (index < 0 || (size_t)index >= slots->count || !slots->items[index]->live)
		return err_set(err, "slot %d of %s is empty", index, service);
	container = berth_container(&slots->items[index]->berth);
	if (supervisor->stopping || container == NULL)
		return err_set(err, "slot %d of %s has no container to replace now", index, service);
	slots_count_replacement(slots, REASON_OPERATOR);
	if (container_ready(container)) {
		container_set_unwanted(container);
		revisions_unblock(&supervisor->parts.revisions);
		step_soon(supervisor->parts.step);
	} else {
		slot_vacate(slots->items[index], REASON_OPERATOR);
	}
	return true;
}
