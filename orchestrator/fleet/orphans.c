/* orphans: told of with the first list, removed with the first one after drain_ms. */
#include "orchestrator/fleet/orphans.h"

#include "common/clock.h"
#include "common/log.h"

#define AGAIN_US 25000000 /* less than there is between two lists that nobody asked for */

static void on_removed(const struct engine_result *result, void *arg)
{
	(void)arg;
	if (result->fault != ENGINE_OK && result->fault != ENGINE_NOT_FOUND)
		log_warn("event=remove-failed container=%.12s reason=%s error=%s", result->id,
		         engine_fault_text(result->fault), log_quote(result->message));
}

static void orphan_log(const struct engine_container *listed, bool wait)
{
	log_warn("event=%s service=%s container=%.12s name=%s error=\"its service is not configured%s\"",
	         wait ? "orphan" : "unwanted", log_quote(listed->service), listed->id, listed->name,
	         wait ? ": it is removed after drain_ms" : "");
}

void orphans_begin(struct orphans *orphans, struct engine *engine, int64_t drain_ms)
{
	orphans->engine = engine;
	orphans->until_us = clock_us() + drain_ms * 1000;
}

size_t orphans_look(struct orphans *orphans, const struct engine_listing *listing,
                    bool (*is_orphan)(const struct engine_container *listed, const void *arg), const void *arg)
{
	bool wait = clock_us() < orphans->until_us;
	bool due = !wait && clock_us() >= orphans->again_us;
	size_t left = 0;

	for (size_t i = 0; i < listing->count; i++) {
		const struct engine_container *listed = &listing->containers[i];

		if (!is_orphan(listed, arg))
			continue;
		left += wait;
		if (due || (wait && !orphans->told))
			orphan_log(listed, wait);
		if (due)
			orphans->engine->verbs->remove(orphans->engine, listed->id, on_removed, NULL);
	}
	orphans->told = true;
	if (due)
		orphans->again_us = clock_us() + AGAIN_US;
	return left;
}
