/* supervisor_revision: which revision a slot's container is made from: the newest, or the one before while the newest is
 * unproven, that is, until a container of it was ready.
 */
#include "orchestrator/fleet/supervisor_private.h"

#include "common/log.h"

const struct revision *revisions_for_slots(const struct supervisor *supervisor)
{
	return supervisor->roll.unproven && supervisor->previous != NULL ? supervisor->previous : supervisor->revision;
}

bool revisions_prepared(const struct supervisor *supervisor)
{
	return supervisor->prepared ||
	       (supervisor->previous_prepared && revisions_for_slots(supervisor) == supervisor->previous);
}

const struct revision *revisions_of(const struct container *container)
{
	const struct supervisor *supervisor = container->supervisor;
	const struct revision *previous = supervisor->previous;

	return previous != NULL && container->revision == previous->number ? previous : supervisor->revision;
}

/* Where the same text may name another image, what was made of the one that works is kept. */
bool revisions_next_usable(const struct supervisor *supervisor, const struct slot *slot)
{
	if (supervisor->roll.unproven && supervisor->previous == NULL)
		return true;
	return slot_next(slot)->revision == revisions_for_slots(supervisor)->number;
}

bool revisions_may_create_ahead(const struct supervisor *supervisor)
{
	const struct roll *roll = &supervisor->roll;

	return !roll->unproven || supervisor->previous != NULL || roll->blocked == supervisor->revision->number;
}

/* It moves with scale.max, whatever containers are made from. */
static void keep_spare_port(struct revision *kept, const struct revision *newest)
{
	if (kept->first_port == newest->first_port)
		kept->spare_port = newest->spare_port;
}

bool revisions_go_back(struct supervisor *supervisor)
{
	struct revision *failed = supervisor->revision;

	if (supervisor->previous == NULL)
		return false;
	log_warn("event=roll-back service=%s spec=%s to=%s", supervisor->service->name, failed->hash,
	         supervisor->previous->hash);
	keep_spare_port(supervisor->previous, failed);
	supervisor->revision = supervisor->previous;
	supervisor->previous = NULL;
	supervisor->roll.unproven = false;
	revision_free(failed);
	return true;
}

void revisions_trust(struct supervisor *supervisor)
{
	supervisor->roll.unproven = false;
	revision_free(supervisor->previous);
	supervisor->previous = NULL;
}

/* What is gone back to stays the last one that was known to work, however many follow it. */
void revisions_replace(struct supervisor *supervisor, struct revision *revision)
{
	struct roll *roll = &supervisor->roll;
	struct revision *last = supervisor->revision;

	if (supervisor->previous != NULL || roll->blocked == last->number || roll->stuck) {
		revision_free(last);
	} else {
		supervisor->previous = last;
		supervisor->previous_prepared = supervisor->prepared;
	}
	roll->unproven = true;
	supervisor->revision = revision;
	if (supervisor->previous != NULL && revision_same(supervisor->previous, revision)) {
		keep_spare_port(supervisor->previous, revision);
		revision_free(revision);
		supervisor->revision = supervisor->previous;
		supervisor->previous = NULL;
		roll->unproven = false;
	}
}

/* What they were made from may have changed though its name did not, so there is nothing to go back to. */
void revisions_renew(struct supervisor *supervisor)
{
	revision_free(supervisor->previous);
	supervisor->previous = NULL;
	supervisor->revision->number = ++supervisor->last_revision;
	if (supervisor->prepared)
		supervisor->prepare_number = supervisor->revision->number;
	supervisor->roll.unproven = true;
}
