/* container_backend: a container's backend: made when it can be reached, drained, retired. */
#include "orchestrator/fleet/container.h"

#include "common/clock.h"
#include "common/log.h"
#include "orchestrator/fleet/health.h"

#include <assert.h>

#define US_PER_MS INT64_C(1000)

void container_serve(struct container *container)
{
	struct containers *all = container->all;

	assert(container->phase == CONTAINER_STARTED);
	container->phase = CONTAINER_SERVING;
	container->backend = backend_new(fleet_group(all->fleet), container->slot, container->id, &container->address);
	backend_set_identity(container->backend, container->identity);
	container->serials[container->serial_count++ % CONTAINER_SERIALS] = backend_serial(container->backend);
	if (container->adopted)
		backend_set_state(container->backend, BACKEND_STARTING, REASON_ADOPTED);
	backend_join_incident(container->backend, container_incident(container));
	container->in_fleet = container->member;
	if (container->in_fleet)
		fleet_add(all->fleet, container->backend);
	if (container->adopted)
		health_watch_running(all->health, container->backend, container->running_ms);
	else
		health_watch(all->health, container->backend);
}

void container_retire_backend(struct container *container, enum reason reason)
{
	struct backend *backend = container->backend;

	if (backend == NULL)
		return;
	container->backend = NULL;
	if (backend_state(backend) == BACKEND_DOWN || backend_in_flight(backend) > 0)
		container->owes_until_us = clock_us() + container->all->config->hold_ms * US_PER_MS;
	if (backend_state(backend) != BACKEND_DOWN)
		backend_set_state(backend, BACKEND_DOWN, reason);
	health_unwatch(backend);
	if (container->in_fleet)
		fleet_remove(container->all->fleet, backend);
	container->in_fleet = false;
	backend_unref(backend);
}

void container_rest(struct container *container, enum reason reason)
{
	container_retire_backend(container, reason);
	container->phase = CONTAINER_STARTED;
	step_soon(container->all->step);
}

bool container_drain(struct container *container, enum reason reason)
{
	struct backend *backend = container->backend;

	if (backend == NULL || (backend_state(backend) != BACKEND_READY && backend_state(backend) != BACKEND_SUSPECT))
		return false;
	container->drain_until_us = clock_us() + container->all->config->drain_ms * 1000;
	backend_set_state(backend, BACKEND_DRAINING, reason);
	return true;
}

bool container_drained(struct container *container)
{
	const struct backend *backend = container->backend;

	if (backend == NULL || container->dead || backend_state(backend) == BACKEND_DOWN ||
	    backend_in_flight(backend) == 0)
		return true;
	if (clock_us() < container->drain_until_us) {
		step_by(container->all->step, container->drain_until_us);
		return false;
	}
	container_log(LOG_WARN, container, "drain-timeout", reason_text(backend_reason(backend)),
	              "requests were still in flight when drain_ms had passed");
	return true;
}
