/* waits: one sentence for each step on the way of a container, and of a roll. */
#include "orchestrator/fleet/waits.h"

#include "orchestrator/fleet/holders.h"
#include "orchestrator/fleet/roll_pick.h"

#include <stdarg.h>
#include <stdio.h>

__attribute__((format(printf, 2, 3))) static void say(char words[WAITS_SIZE], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(words, WAITS_SIZE, format, args);
	va_end(args);
}

/* The container that was in the slot before, if it may still run. */
static const struct container *container_before(const struct slot *slot)
{
	const struct container *container;

	BERTH_FOREACH_HAD (container, &slot->berth)
		if (container->may_run && !container->gone)
			return container;
	return NULL;
}

static void wait_for_engine(char words[WAITS_SIZE])
{
	say(words, "the engine does not answer");
}

static void wait_for_end(const struct container *before, char words[WAITS_SIZE])
{
	unsigned in_flight = before->backend != NULL ? backend_in_flight(before->backend) : 0;

	if (in_flight > 0)
		say(words, "%s finishes %u request%s", before->name, in_flight, in_flight == 1 ? "" : "s");
	else if (!before->all->engine_up)
		wait_for_engine(words);
	else
		say(words, "%s is being stopped", before->name);
}

static void wait_for_container(const struct container *container, char words[WAITS_SIZE])
{
	if (container->phase < CONTAINER_SERVING && !container->all->engine_up)
		wait_for_engine(words);
	else if (container->phase == CONTAINER_NEW)
		say(words, "%s is being made", container->name);
	else if (container->phase == CONTAINER_CREATED && !container->call.busy && holders_port_leaves(container))
		say(words, "a container that leaves still has the port of %s", container->name);
	else if (container->phase < CONTAINER_SERVING)
		say(words, "%s is being started", container->name);
	else
		say(words, "%s is to give its first good answer to a probe", container->name);
}

static void wait_for_none(const struct containers *containers, const struct revisions *revisions,
                          char words[WAITS_SIZE])
{
	if (!containers->engine_up)
		wait_for_engine(words);
	else if (containers->following)
		say(words, "the orchestrator that leads is to fill it");
	else if (!revisions_prepared(revisions))
		say(words, "image, network and volumes are being looked up");
	else
		say(words, "its name or port is still another container's of ours");
}

void waits_of_slot(const struct slot *slot, char words[WAITS_SIZE])
{
	const struct container *container = berth_container(&slot->berth), *before = container_before(slot);
	const struct backend *backend = berth_backend(&slot->berth);

	words[0] = '\0';
	if (!slot->live || slot_unprepared(slot) || !backoff_due(&slot->berth.retry))
		return;
	if (backend != NULL && backend_state(backend) != BACKEND_STARTING)
		return;
	if (before != NULL && (container == NULL || container->phase == CONTAINER_CREATED))
		wait_for_end(before, words);
	else if (container != NULL)
		wait_for_container(container, words);
	else
		wait_for_none(slot->all->containers, slot->all->revisions, words);
}

static void wait_for_stand_in(const struct roll *roll, char words[WAITS_SIZE])
{
	const struct container *container = berth_container(&roll->berth);

	if (container != NULL)
		wait_for_container(container, words);
}

static void wait_to_begin(const struct roll *roll, char words[WAITS_SIZE])
{
	if (roll_pick_next(roll->slots) == NULL || revisions_is_blocked(roll->revisions))
		return;
	if (!roll->containers->engine_up)
		wait_for_engine(words);
	else if (!roll->revisions->prepared)
		say(words, "image, network and volumes are being looked up");
	else if (!backoff_due(&roll->berth.retry))
		say(words, "the next try is not due yet");
	else
		say(words, "it is about to begin");
}

void waits_of_roll(const struct roll *roll, char words[WAITS_SIZE])
{
	words[0] = '\0';
	if (roll->state == ROLL_IDLE)
		wait_to_begin(roll, words);
	else if (roll->state == ROLL_STAND_IN)
		wait_for_stand_in(roll, words);
	else if (roll->slot != SLOT_NONE)
		waits_of_slot(roll->slots->items[roll->slot], words);
}
