/* holders: those of this service come first, then the others. */
#include "orchestrator/fleet/holders.h"

#include <string.h>

static bool has_name(const struct containers *all, const char *name)
{
	const struct container *container;

	TAILQ_FOREACH (container, &all->all, link)
		if (!container->gone && (strcmp(container->name, name) == 0 || strcmp(container->old_name, name) == 0))
			return true;
	return false;
}

bool holders_name_in_use(struct containers *all, const char *name)
{
	const struct containers *other;

	if (has_name(all, name))
		return true;
	LIST_FOREACH (other, &all->harbour->services, link)
		if (has_name(other, name)) {
			all->awaits_other = true;
			return true;
		}
	return false;
}

/* A container that leaves has its port until it is removed; if that fails, whoever wants the port tries, and says why not. */
static bool holds_port(const struct container *container)
{
	if (container->leaving)
		return (container->may_run || container->dead) && !container->gone && container->retry.level == 0;
	return container->may_run;
}

const struct container *holders_of_port(struct containers *all, int port, int slot)
{
	const struct container *container, *others = NULL;

	if (port == 0 || !all->engine->can->local_ports)
		return NULL;
	for (container = container_on_port(all->harbour, port, NULL); container != NULL;
	     container = container_on_port(all->harbour, port, container)) {
		if (!holds_port(container))
			continue;
		if (container->all != all)
			others = container;
		else if (slot == SLOT_NONE || container->slot != slot)
			return container;
	}
	all->awaits_other |= others != NULL;
	return others;
}

bool holders_port_leaves(const struct container *container)
{
	const struct container *holder = holders_of_port(container->all, container->host_port, container->slot);

	return holder != NULL && (holder->leaving || holder->all != container->all);
}

static bool being_created(const struct containers *all, const char *name)
{
	const struct container *container;

	TAILQ_FOREACH (container, &all->all, link)
		if (container->phase == CONTAINER_NEW && strcmp(container->name, name) == 0)
			return true;
	return false;
}

bool holders_know(struct harbour *harbour, const struct engine_container *listed)
{
	struct containers *all;

	LIST_FOREACH (all, &harbour->services, link)
		if (container_by_id(all, listed->id) != NULL || being_created(all, listed->name))
			return true;
	return false;
}
