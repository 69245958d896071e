/* reconcile: events say what happens, the list what is.
 *
 * The list is asked for at start, after each loss of the engine, every 30 s, and when a call ended in doubt. First it is written
 * on the containers that we know (container_events.c); then what we do not know is taken or removed.
 */
#include "orchestrator/fleet/reconcile.h"

#include "common/log.h"
#include "orchestrator/fleet/container_events.h"
#include "orchestrator/fleet/container_leave.h"
#include "orchestrator/fleet/holders.h"

#include <stdio.h>
#include <string.h>

static bool is_named(const struct engine_container *listed, const char *suffix)
{
	char name[ENGINE_NAME_SIZE + 32];

	snprintf(name, sizeof(name), "%s_%d%s", listed->service, listed->slot, suffix);
	return strcmp(listed->name, name) == 0;
}

static bool in_range(const struct reconcile *with, const struct engine_container *listed)
{
	return listed->slot >= 0 && listed->slot < with->containers->service->scale.max;
}

static bool is_newest(const struct reconcile *with, const struct engine_container *listed)
{
	return strcmp(listed->spec, with->revisions->newest->hash) == 0;
}

/* A container object for one that was found; it is in no berth yet. */
static struct container *found(const struct reconcile *with, const struct engine_container *listed, bool ahead)
{
	struct container_place place = {
	        .revision = with->revisions->newest,
	        .slot = in_range(with, listed) ? listed->slot : SLOT_NONE,
	        .spare = listed->slot == SLOT_NONE ? spares_index(with->spares, listed->name) : SPARE_NONE,
	        .ahead = ahead,
	};

	struct container *container = container_found(with->containers, &place, listed, is_newest(with, listed));

	container_note_sources(container, &listed->sources);
	return container;
}

static bool adopt_running(const struct reconcile *with, const struct engine_container *listed, const char *suffix)
{
	struct container *container;
	struct slot *slot;

	if (listed->state != ENGINE_RUNNING || !in_range(with, listed) || !is_named(listed, suffix))
		return false;
	slot = slot_of(with->slots, listed->slot);
	if (berth_container(&slot->berth) != NULL)
		return false;
	container = found(with, listed, false);
	container_adopt_running(container, listed);
	slot_adopt(slot, container);
	container_log(LOG_INFO, container, "adopted", revisions_stale(with->revisions, container) ? "roll" : "none",
	              NULL);
	return true;
}

static bool adopt_created(const struct reconcile *with, const struct engine_container *listed)
{
	struct slot *slot;

	if (with->containers->following || listed->state != ENGINE_CREATED || !in_range(with, listed) ||
	    (!is_named(listed, ".next") && !is_named(listed, "")) || !is_newest(with, listed) || listed->spoilt)
		return false;
	slot = slot_of(with->slots, listed->slot);
	if (berth_container(&slot->ahead) != NULL)
		return false;
	slot_adopt_ahead(slot, found(with, listed, true));
	return true;
}

static bool adopt_spare(const struct reconcile *with, const struct engine_container *listed)
{
	bool usable =
	        listed->state == ENGINE_CREATED || listed->state == ENGINE_RUNNING || listed->state == ENGINE_PAUSED;
	int index;

	if (!usable || listed->slot != SLOT_NONE || listed->spoilt ||
	    (with->containers->following && listed->state == ENGINE_CREATED))
		return false;
	index = spares_index(with->spares, listed->name);
	if (index == SPARE_NONE || !spares_is_free(with->spares, index))
		return false;
	spares_adopt(with->spares, found(with, listed, false), listed);
	return true;
}

/* It may serve for the slot that another orchestrator is, or was, at. */
static bool adopt_stand_in(const struct reconcile *with, const struct engine_container *listed)
{
	struct berth *berth = &with->roll->berth;
	char name[ENGINE_NAME_SIZE];
	struct container *container;

	berth_name(berth, with->revisions->newest, name);
	if (!with->containers->engine->can->elects || listed->state != ENGINE_RUNNING || listed->slot != SLOT_NONE ||
	    strcmp(listed->name, name) != 0 || with->roll->state != ROLL_IDLE || berth_container(berth) != NULL)
		return false;
	container = found(with, listed, false);
	container_adopt_running(container, listed);
	berth_put(berth, container);
	container_log(LOG_INFO, container, "stand-in-adopted", "none", NULL);
	return true;
}

static void remove_unwanted(const struct reconcile *with, const struct engine_container *listed)
{
	struct container *container = found(with, listed, false);

	container_log(LOG_WARN, container, "unwanted", "none", "a container of this name that has no place here");
	container_leave(container, REASON_REPLACED, LEAVE_AT_ONCE);
}

/* Passes over the list: those that hold their slot's name come before those still called .next, and what runs before
 * what was only created; what nobody took is not wanted. */
static void take_unknown(const struct reconcile *with, const struct engine_container *listed, int pass)
{
	if (strcmp(listed->service, with->containers->service->name) != 0 ||
	    !identity_owns(with->identity, listed->owner) || holders_know(with->containers->harbour, listed))
		return;
	switch (pass) {
	case 0:
		(void)adopt_running(with, listed, "");
		break;
	case 1:
		(void)adopt_running(with, listed, ".next");
		break;
	case 2:
		(void)(adopt_created(with, listed) || adopt_spare(with, listed) || adopt_stand_in(with, listed));
		break;
	default:
		if (!with->containers->following)
			remove_unwanted(with, listed);
	}
}

static void look_at_known(const struct reconcile *with, struct container *known, const struct engine_container *listed,
                          int64_t asked_us)
{
	container_listed(known, listed, asked_us);
	if (with->others_made && is_newest(with, listed) && revisions_stale(with->revisions, known))
		container_recognize(known, with->revisions->newest);
}

void reconcile(const struct reconcile *with, const struct engine_listing *listing)
{
	containers_look_for(with->containers);
	for (size_t i = 0; i < listing->count; i++) {
		struct container *known = container_by_id(with->containers, listing->containers[i].id);

		if (known != NULL)
			look_at_known(with, known, &listing->containers[i], listing->asked_us);
	}
	containers_miss(with->containers, listing->asked_us);
	for (int pass = 0; pass < 4; pass++)
		for (size_t i = 0; i < listing->count; i++)
			take_unknown(with, &listing->containers[i], pass);
}
