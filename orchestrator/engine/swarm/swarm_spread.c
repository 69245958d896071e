/* swarm_spread: counts what is, and what is about to be, on each node; the node with the least is taken, and all others avoided: were
 * several left to Swarm, the next container that is made in the same moment would not know which of them is taken.
 */
#include "orchestrator/engine/swarm/swarm_spread.h"

#include "common/mem.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_SLOT -1

/* On one node. */
struct load {
	bool refused; /* one of this service, of late */
	unsigned slots, others, all;
};

/* Would this one be there beside the one that is placed? */
static bool is_beside(const struct swarm_plan *of, const char *service, const char *container, int slot)
{
	if (strcmp(of->service, service) != 0)
		return false;
	return of->slot != NO_SLOT ? slot != of->slot : strcmp(of->container, container) != 0;
}

static void count(struct load *load, const struct swarm_plan *of, const char *service, const char *container, int slot)
{
	load->all++;
	if (!is_beside(of, service, container, slot))
		return;
	load->slots += slot != NO_SLOT;
	load->others += slot == NO_SLOT;
}

static bool is_planned(const struct swarm_plans *plans, const char *id)
{
	for (size_t i = 0; i < plans->count; i++)
		if (strcmp(plans->items[i].id, id) == 0)
			return true;
	return false;
}

/* What has ended, or is about to, leaves its node free. */
static bool counts(const struct swarm_item *item)
{
	return !item->gone && !item->removed &&
	       (item->container.state == ENGINE_RUNNING || item->container.state == ENGINE_CREATED);
}

static struct load load_of(const char *node, const struct swarm_view *view, const struct swarm_plans *plans,
                           const struct swarm_plan *of)
{
	struct load load = {0};
	size_t item_count;
	const struct swarm_item *items = swarm_view_items(view, &item_count);

	for (size_t i = 0; i < item_count; i++) {
		const struct engine_container *container = &items[i].container;

		if (counts(&items[i]) && strcmp(items[i].node, node) == 0 && !is_planned(plans, container->id))
			count(&load, of, container->service, container->name, container->slot);
	}
	for (size_t i = 0; i < plans->count; i++)
		if (strcmp(plans->items[i].node, node) == 0)
			count(&load, of, plans->items[i].service, plans->items[i].container, plans->items[i].slot);
	return load;
}

static bool is_less(const struct load *a, const struct load *b)
{
	if (a->refused != b->refused)
		return b->refused;
	if (a->slots != b->slots)
		return a->slots < b->slots;
	return a->others != b->others ? a->others < b->others : a->all < b->all;
}

static const struct swarm_site *least_loaded(const struct swarm_sites *sites, const struct swarm_view *view,
                                             const struct swarm_plans *plans, const struct swarm_plan *of)
{
	const struct swarm_site *best = NULL;
	struct load least = {0};

	for (size_t i = 0; i < sites->count; i++) {
		const struct swarm_site *site = &sites->items[i];
		struct load load;

		if (!swarm_site_is_usable(site))
			continue;
		load = load_of(site->node.id, view, plans, of);
		load.refused = swarm_sites_refused(sites, site->node.id, of->service);
		if (best == NULL || is_less(&load, &least)) {
			best = site;
			least = load;
		}
	}
	return best;
}

static size_t count_usable(const struct swarm_sites *sites)
{
	size_t usable = 0;

	for (size_t i = 0; i < sites->count; i++)
		usable += swarm_site_is_usable(&sites->items[i]);
	return usable;
}

void swarm_spread(const struct swarm_sites *sites, const struct swarm_view *view, const struct swarm_plans *plans,
                  const struct swarm_plan *of, bool apart, struct swarm_choice *choice)
{
	size_t usable = count_usable(sites);
	const struct swarm_site *best = apart && usable > 1 ? least_loaded(sites, view, plans, of) : NULL;

	*choice = (struct swarm_choice){.node = ""};
	if (usable == 0)
		return;
	assert(sites->items != NULL);
	if (best != NULL)
		memcpy(choice->node, best->node.id, sizeof(choice->node));
	for (size_t i = 0; i < sites->count; i++) {
		const struct swarm_site *site = &sites->items[i];

		if (site->lost_us != 0 || (best != NULL && site != best && swarm_site_is_usable(site)))
			strings_add(&choice->avoid, site->node.id);
	}
}

/* --- plans ----------------------------------------------------------------------------------------------------- */

static void drop(struct swarm_plans *plans, size_t index)
{
	plans->items[index] = plans->items[--plans->count];
}

void swarm_plans_add(struct swarm_plans *plans, const struct swarm_plan *plan)
{
	plans->items = mem_array(plans->items, plans->count + 1, sizeof(*plans->items));
	plans->items[plans->count++] = *plan;
}

void swarm_plans_made(struct swarm_plans *plans, const char *container, const char *id, unsigned round)
{
	for (size_t i = plans->count; i > 0; i--) {
		struct swarm_plan *plan = &plans->items[i - 1];

		if (plan->id[0] != '\0' || strcmp(plan->container, container) != 0)
			continue;
		if (id == NULL) {
			drop(plans, i - 1);
			continue;
		}
		snprintf(plan->id, sizeof(plan->id), "%s", id);
		plan->round = round;
	}
}

void swarm_plans_looked(struct swarm_plans *plans, const struct swarm_view *view, unsigned round)
{
	for (size_t i = plans->count; i > 0; i--) {
		const struct swarm_plan *plan = &plans->items[i - 1];
		const struct swarm_item *item;

		if (plan->id[0] == '\0' || (int)(round - plan->round) < 0)
			continue;
		item = swarm_view_find(view, plan->id);
		if (item == NULL || item->node[0] != '\0' || item->container.state != ENGINE_CREATED)
			drop(plans, i - 1);
	}
}

void swarm_plans_clear(struct swarm_plans *plans)
{
	free(plans->items);
}
