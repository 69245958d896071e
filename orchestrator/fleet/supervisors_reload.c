/* supervisors_reload: another configuration: who goes on as what, who is new, who leaves. */
#include "orchestrator/fleet/supervisors_private.h"

#include "common/mem.h"
#include "orchestrator/fleet/heirs.h"
#include "orchestrator/fleet/lists.h"

#include <assert.h>
#include <stdlib.h>

/* Out of the array, whose order does not matter. */
static struct supervisor *take(struct supervisor **at, struct supervisor **supervisors, size_t *count)
{
	struct supervisor *taken = *at;

	*at = supervisors[--*count];
	return taken;
}

/* heir: of supervisors->items, NULL for none. A supervisor that is on its way out comes back; else there is a new one. */
static struct supervisor *supervisor_for(struct supervisors *supervisors, const struct config_service *service,
                                         struct supervisor *heir)
{
	struct supervisor **found =
	        supervisors_find_in(supervisors->leaving, supervisors->leaving_count, service->name);

	if (heir == NULL && found != NULL)
		heir = take(found, supervisors->leaving, &supervisors->leaving_count);
	if (heir == NULL)
		return supervisors_make(supervisors, service);
	supervisor_reload(heir, supervisors->config, service);
	return heir;
}

/* For each service of the new configuration, which of ours goes on as that. */
static size_t *find_heirs(const struct supervisors *supervisors, const struct config *config)
{
	const struct config_service **now = mem_array(NULL, supervisors->count, sizeof(now[0]));
	size_t *heirs = mem_array(NULL, config_service_count(config), sizeof(heirs[0]));

	for (size_t i = 0; i < supervisors->count; i++)
		now[i] = supervisor_service(supervisors->items[i]);
	heirs_find(now, supervisors->count, config, heirs);
	free(now);
	return heirs;
}

static void let_leave(struct supervisors *supervisors, struct supervisor *supervisor)
{
	supervisors->leaving =
	        mem_array(supervisors->leaving, supervisors->leaving_count + 1, sizeof(struct supervisor *));
	supervisors->leaving[supervisors->leaving_count++] = supervisor;
	supervisor_remove(supervisor);
}

void supervisors_reload(struct supervisors *supervisors, const struct config *config)
{
	size_t count = config_service_count(config), *heirs = find_heirs(supervisors, config);
	struct supervisor **items = mem_array(NULL, count, sizeof(struct supervisor *));
	struct supervisor **before = supervisors->items;

	assert(before != NULL); /* supervisors_start made them */
	supervisors->config = config;
	for (size_t i = 0; i < count; i++) {
		struct supervisor **heir = heirs[i] != HEIRS_NONE ? &before[heirs[i]] : NULL;

		items[i] = supervisor_for(supervisors, config_service_at(config, i), heir != NULL ? *heir : NULL);
		if (heir != NULL)
			*heir = NULL;
	}
	for (size_t i = 0; i < supervisors->count; i++)
		if (before[i] != NULL)
			let_leave(supervisors, before[i]);
	free(heirs);
	free(before);
	supervisors->items = items;
	supervisors->count = count;
	lists_want(supervisors->lists); /* it starts the new ones */
}

size_t supervisors_sweep(struct supervisors *supervisors)
{
	for (size_t i = supervisors->leaving_count; i > 0; i--) {
		struct supervisor **at = &supervisors->leaving[i - 1];

		if (supervisor_is_removed(*at))
			supervisor_free(take(at, supervisors->leaving, &supervisors->leaving_count));
	}
	return supervisors->leaving_count;
}
