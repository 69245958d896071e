/* fleet: the backends of one service and the choice among them.
 *
 * Members stand in the order of their slots (the older first where a slot has two). A choice walks them all once,
 * beginning behind the slot picked last, and takes the first with the fewest in flight: that is least-in-flight with
 * round robin among equals. Invariant: each member is there once and holds one reference.
 */
#include "orchestrator/fleet/fleet.h"

#include "common/mem.h"
#include "orchestrator/fleet/fleet_ends.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct fleet {
	struct backend_group *group;
	struct fleet_observer observer;
	struct backend **members;
	size_t count, room;
	uint64_t picked; /* serial of the last choice */
	int picked_slot; /* and its slot: the next walk begins behind it though the backend may be gone */
	uint64_t outcomes[FLEET_OUTCOMES];
	struct fleet_ends ends;
};

const char *fleet_outcome_text(enum fleet_outcome outcome)
{
	static const char *const texts[FLEET_OUTCOMES] = {
	        [FLEET_SERVED] = "served", [FLEET_FAILED] = "failed", [FLEET_CANCELLED] = "cancelled"};

	assert((unsigned)outcome < FLEET_OUTCOMES);
	return texts[outcome];
}

struct fleet *fleet_new(const char *service, const struct fleet_observer *observer)
{
	struct fleet *fleet = mem_zero(sizeof(*fleet));

	if (observer != NULL)
		fleet->observer = *observer;
	fleet->group = backend_group_new(fleet, service, fleet->observer.changed, fleet->observer.arg);
	fleet->picked_slot = -1;
	return fleet;
}

void fleet_rename(struct fleet *fleet, const char *service)
{
	backend_group_rename(fleet->group, service);
}

void fleet_free(struct fleet *fleet)
{
	if (fleet == NULL)
		return;
	for (size_t i = 0; i < fleet->count; i++)
		backend_unref(fleet->members[i]);
	free(fleet->members);
	backend_group_free(fleet->group);
	free(fleet);
}

const char *fleet_service(const struct fleet *fleet)
{
	return backend_group_service(fleet->group);
}

struct backend_group *fleet_group(const struct fleet *fleet)
{
	return fleet->group;
}

static bool stands_before(const struct backend *a, const struct backend *b)
{
	if (backend_slot(a) != backend_slot(b))
		return backend_slot(a) < backend_slot(b);
	return backend_serial(a) < backend_serial(b);
}

void fleet_add(struct fleet *fleet, struct backend *backend)
{
	size_t at = 0;

	assert(backend_fleet(backend) == fleet);
	if (fleet->count == fleet->room) {
		fleet->room = fleet->room * 2 + 8;
		fleet->members = mem_array(fleet->members, fleet->room, sizeof(struct backend *));
	}
	while (at < fleet->count && stands_before(fleet->members[at], backend))
		at++;
	assert(at == fleet->count || fleet->members[at] != backend);
	memmove(fleet->members + at + 1, fleet->members + at, (fleet->count - at) * sizeof(struct backend *));
	fleet->members[at] = backend_ref(backend);
	fleet->count++;
}

void fleet_remove(struct fleet *fleet, struct backend *backend)
{
	size_t at = 0;

	while (at < fleet->count && fleet->members[at] != backend)
		at++;
	assert(at < fleet->count);
	fleet->count--;
	memmove(fleet->members + at, fleet->members + at + 1, (fleet->count - at) * sizeof(struct backend *));
	backend_unref(backend);
}

size_t fleet_count(const struct fleet *fleet)
{
	return fleet->count;
}

struct backend *fleet_at(const struct fleet *fleet, size_t index)
{
	assert(index < fleet->count);
	return fleet->members[index];
}

unsigned fleet_count_state(const struct fleet *fleet, enum backend_state state)
{
	unsigned n = 0;

	for (size_t i = 0; i < fleet->count; i++)
		n += backend_state(fleet->members[i]) == state;
	return n;
}

/* Index of the first member behind the member picked last. */
static size_t walk_start(const struct fleet *fleet)
{
	for (size_t i = 0; i < fleet->count; i++) {
		const struct backend *member = fleet->members[i];

		if (backend_slot(member) > fleet->picked_slot ||
		    (backend_slot(member) == fleet->picked_slot && backend_serial(member) > fleet->picked))
			return i;
	}
	return 0;
}

struct backend *fleet_acquire(struct fleet *fleet, const struct fleet_tried *tried)
{
	struct backend *best = NULL;
	size_t start = walk_start(fleet);

	for (size_t i = 0; i < fleet->count; i++) {
		size_t at = start + i < fleet->count ? start + i : start + i - fleet->count;
		struct backend *member = fleet->members[at];

		if (backend_state(member) != BACKEND_READY ||
		    (tried != NULL && fleet_tried_has(tried, backend_serial(member))))
			continue;
		if (best == NULL || backend_in_flight(member) < backend_in_flight(best))
			best = member;
	}
	if (best == NULL)
		return NULL;
	fleet->picked = backend_serial(best);
	fleet->picked_slot = backend_slot(best);
	backend_flight_begin(best);
	return backend_ref(best);
}

struct backend *fleet_acquire_again(struct fleet *fleet, uint64_t serial)
{
	for (size_t i = 0; i < fleet->count; i++) {
		struct backend *member = fleet->members[i];

		if (backend_serial(member) != serial || backend_state(member) != BACKEND_READY)
			continue;
		backend_flight_begin(member);
		return backend_ref(member);
	}
	return NULL;
}

void fleet_release(struct backend *backend, enum fleet_outcome outcome)
{
	struct fleet *fleet = backend_fleet(backend);
	enum backend_state state = backend_state(backend);

	assert((unsigned)outcome < FLEET_OUTCOMES);
	fleet->outcomes[outcome]++;
	backend_flight_end(backend);
	if (backend_in_flight(backend) == 0 && fleet->observer.empty != NULL &&
	    (state == BACKEND_DRAINING || state == BACKEND_DOWN))
		fleet->observer.empty(backend, fleet->observer.arg);
	backend_unref(backend);
}

void fleet_note_end(struct fleet *fleet, uint64_t serial, bool killed)
{
	fleet_ends_note(&fleet->ends, serial, killed);
}

enum fleet_fate fleet_fate(const struct fleet *fleet, uint64_t serial)
{
	const struct fleet_end *end = fleet_ends_find(&fleet->ends, serial);

	if (end != NULL)
		return end->killed ? FLEET_FATE_KILLED : FLEET_FATE_ENDED;
	for (size_t i = 0; i < fleet->count; i++)
		if (backend_serial(fleet->members[i]) == serial &&
		    (backend_state(fleet->members[i]) == BACKEND_READY ||
		     backend_state(fleet->members[i]) == BACKEND_DRAINING))
			return FLEET_FATE_WELL;
	return FLEET_FATE_UNKNOWN;
}

uint64_t fleet_outcomes(const struct fleet *fleet, enum fleet_outcome outcome)
{
	assert((unsigned)outcome < FLEET_OUTCOMES);
	return fleet->outcomes[outcome];
}
