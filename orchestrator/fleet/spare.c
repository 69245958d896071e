/* spare: what can be seen of one spare. Changes nothing. */
#include "orchestrator/fleet/spare.h"

#include "common/mem.h"

struct spare *spare_of(struct spares *spares, int index)
{
	while (spares->count <= (size_t)index) {
		struct spare *spare = mem_zero(sizeof(*spare));

		spare->all = spares;
		spare->index = (int)spares->count;
		spare->slot = SLOT_NONE;
		berth_init(&spare->berth, spares->berths, BERTH_SPARE, spare->index, spares->containers);
		spares->items = mem_array(spares->items, spares->count + 1, sizeof(struct spare *));
		spares->items[spares->count++] = spare;
	}
	return spares->items[index];
}

bool spare_waits(const struct spare *spare)
{
	const struct container *container = berth_container(&spare->berth);

	if (container == NULL || spare->slot != SLOT_NONE)
		return false;
	return container->paused || (container->runs_on && container->phase == CONTAINER_STARTED);
}

bool spare_comes(const struct spare *spare)
{
	const struct container *container = berth_container(&spare->berth);

	return spare->slot != SLOT_NONE && container != NULL && !container->in_fleet;
}

bool spare_fits(const struct spare *spare)
{
	const struct container *container = berth_container(&spare->berth);

	if (spare->index >= spare->all->containers->service->scale.spares || container == NULL)
		return false;
	return !spare->all->containers->engine->can->local_ports ||
	       container->host_port == berth_port(&spare->berth, spare->all->revisions->newest);
}

const char *spare_state_text(const struct spare *spare)
{
	const struct container *container = berth_container(&spare->berth);

	if (container == NULL)
		return !backoff_due(&spare->berth.retry) ? "backing-off" : "down";
	if (container->in_fleet)
		return backend_state_text(backend_state(container->backend));
	if (spare_waits(spare))
		return reason_text(REASON_SPARE);
	return container->phase < CONTAINER_STARTED ? "creating" : "starting";
}
