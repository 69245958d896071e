/* host_loss: see the header. A container that hangs is silent as well, once the kernel has no room for more connections to it. */
#include "orchestrator/fleet/host_loss.h"

#include <string.h>

static bool same_host(const struct address *a, const struct address *b)
{
	struct in6_addr one, other;

	return address_to_v6((const struct sockaddr *)&a->addr, &one) &&
	       address_to_v6((const struct sockaddr *)&b->addr, &other) && memcmp(&one, &other, sizeof(one)) == 0;
}

static bool answers_there(const struct containers *all, const struct backend *lost)
{
	const struct container *container;

	TAILQ_FOREACH (container, &all->all, link)
		if (container->backend != NULL && container->backend != lost &&
		    backend_well_us(container->backend) > backend_incident(lost)->t0_us &&
		    same_host(backend_address(container->backend), backend_address(lost)))
			return true;
	return false;
}

void host_loss_tell(const struct container *container)
{
	struct engine *engine = container->all->engine;
	const struct containers *all;

	if (engine->verbs->host_lost == NULL || container->backend == NULL || !backend_unreachable(container->backend))
		return;
	LIST_FOREACH (all, &container->all->harbour->services, link)
		if (answers_there(all, container->backend))
			return;
	engine->verbs->host_lost(engine, container->id);
}
