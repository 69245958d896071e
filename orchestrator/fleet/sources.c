/* sources: the set counts, so two containers may have the same one for a while. */
#include "orchestrator/fleet/sources.h"

void sources_forget(struct address_set *set, struct engine_sources *known)
{
	for (size_t i = 0; i < known->count; i++)
		address_set_remove(set, &known->items[i]);
	known->count = 0;
}

void sources_change(struct address_set *set, struct engine_sources *known, const struct engine_sources *to)
{
	sources_forget(set, known);
	*known = *to;
	for (size_t i = 0; i < known->count; i++)
		address_set_add(set, &known->items[i]);
}
