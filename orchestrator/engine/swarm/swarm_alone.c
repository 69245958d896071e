/* swarm_alone: what a node does for its own containers while the swarm says nothing: those that end are started again, and told to be
 * reached elsewhere. Once the swarm answers, it says that they have ended, and they are replaced after a drain.
 */
#include "orchestrator/engine/swarm/swarm.h"

#include <string.h>

bool swarm_alone_is_managed(const char *message)
{
	return strcasestr(message, "not a swarm manager") != NULL;
}

static bool is_wanted(const char *task, void *arg)
{
	const struct swarm *swarm = arg;

	return swarm_view_find_task(swarm->view, task) != NULL;
}

static void on_revived(const char *task, int port, void *arg)
{
	struct swarm *swarm = arg;
	const struct swarm_item *item = swarm_view_find_task(swarm->view, task);
	const struct address *address = swarm_view_revive(swarm->view, task, port);

	if (item != NULL && address != NULL)
		swarm->observer.on_event(&(struct engine_event){.type = ENGINE_EVENT_MOVED,
		                                                .id = item->container.id,
		                                                .address = address},
		                         swarm->observer.arg);
}

struct swarm_revival *swarm_alone_new(struct swarm *swarm, const struct engine_settings *settings)
{
	return swarm_revival_new(&(struct swarm_revival_settings){.base = settings->base,
	                                                          .calls = swarm->calls,
	                                                          .name = settings->name,
	                                                          .is_wanted = is_wanted,
	                                                          .on_revived = on_revived,
	                                                          .arg = swarm});
}
