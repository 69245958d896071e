/* swarm_looks: see the header. */
#include "orchestrator/engine/swarm/swarm_looks.h"

#include "orchestrator/engine/swarm/swarm_view.h"

bool swarm_look_list(const struct swarm_view *view, const char *id, struct engine_result *result)
{
	(void)id;
	result->containers = swarm_view_containers(view, &result->count);
	return true;
}

bool swarm_look_inspect(const struct swarm_view *view, const char *id, struct engine_result *result)
{
	const struct swarm_item *item = swarm_view_find(view, id);

	if (item == NULL) {
		result->fault = ENGINE_NOT_FOUND;
		result->message = "Swarm has no such service";
		return true;
	}
	result->state = item->container.state;
	result->exit_code = item->exit_code;
	result->address = item->container.address;
	result->identity = item->container.identity;
	return true;
}

bool swarm_look_start(const struct swarm_view *view, const char *id, struct engine_result *result)
{
	const struct swarm_item *item = swarm_view_find(view, id);

	if (item == NULL)
		return swarm_look_inspect(view, id, result);
	if (item->container.state == ENGINE_EXITED && item->rejected) {
		result->fault = ENGINE_REFUSED;
		result->message = item->words;
		return true;
	}
	if (item->container.state == ENGINE_CREATED && (item->untaken || item->misplaced)) {
		result->fault = ENGINE_REFUSED;
		result->message = item->untaken ? "the node that Swarm chose does not answer" : item->words;
		return true;
	}
	result->address = item->container.address;
	result->identity = item->container.identity;
	/* What has run and ended was started; that it died is told as an event. */
	return item->container.state == ENGINE_EXITED || item->container.address.len > 0;
}

/* A node that does not answer may have it for as long as it likes. */
bool swarm_look_end(const struct swarm_view *view, const char *id, struct engine_result *result)
{
	const struct swarm_item *item = swarm_view_find(view, id);

	if (item != NULL && item->container.state != ENGINE_EXITED && item->away) {
		result->fault = ENGINE_TIMEOUT;
		result->message = "its node does not answer: Swarm ends it when that is back";
		return true;
	}
	return item == NULL || item->container.state == ENGINE_EXITED;
}
