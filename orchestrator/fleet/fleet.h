/* fleet: the backends of one service: membership, choice, acquire, release. Pure: no I/O, no timers.
 *
 * Choice: among READY members whose serial is not in `tried`, the least in flight; among equals round robin, so that
 * requests one after the other go A B C A B C (in the order of the slots).
 */
#pragma once

#include "orchestrator/fleet/backend.h"
#include "orchestrator/fleet/fleet_tried.h"

#include <stddef.h>

enum fleet_outcome {
	FLEET_SERVED,    /* a reply came, whatever its status */
	FLEET_FAILED,    /* the connection failed: refused, reset, closed or garbage */
	FLEET_CANCELLED, /* the client went away, or we gave up */
	FLEET_OUTCOMES
};

const char *fleet_outcome_text(enum fleet_outcome outcome); /* a label's value */

/* Who hears of a fleet's backends, always with arg; a function that is NULL is not called. */
struct fleet_observer {
	backend_observer *changed;                         /* a backend's state; see backend.h for what it may do */
	void (*empty)(struct backend *backend, void *arg); /* the in flight of a DRAINING or DOWN one fell to 0 */
	void *arg;
};

/* observer: copied; NULL: nobody hears. */
struct fleet *fleet_new(const char *service, const struct fleet_observer *observer);
void fleet_rename(struct fleet *fleet, const char *service);
void fleet_free(struct fleet *fleet); /* drops its references to members */
const char *fleet_service(const struct fleet *fleet);

/* For backend_new: only backends of this group can be added to the fleet. */
struct backend_group *fleet_group(const struct fleet *fleet);

void fleet_add(struct fleet *fleet, struct backend *backend);    /* takes a reference */
void fleet_remove(struct fleet *fleet, struct backend *backend); /* drops that reference */

/* Members in the order of their slots; a slot can have two for a while (the old one DRAINING or DOWN). */
size_t fleet_count(const struct fleet *fleet);
struct backend *fleet_at(const struct fleet *fleet, size_t index);
unsigned fleet_count_state(const struct fleet *fleet, enum backend_state state);

/* NULL if nothing can be picked. Else in flight is counted and the caller owns a reference until fleet_release.
 * tried may be NULL. */
struct backend *fleet_acquire(struct fleet *fleet, const struct fleet_tried *tried);

/* The same for the member with this serial: NULL if it is not READY, or no member any more. */
struct backend *fleet_acquire_again(struct fleet *fleet, uint64_t serial);
void fleet_release(struct backend *backend, enum fleet_outcome outcome);

/* What became of a backend, for a request that was on it when its connection failed: is the request to blame? */
enum fleet_fate {
	FLEET_FATE_UNKNOWN, /* the engine has not said yet, or too long ago */
	FLEET_FATE_WELL,    /* the backend serves: only the connection broke */
	FLEET_FATE_ENDED,   /* the container ended by itself, or by us because it was ill */
	FLEET_FATE_KILLED   /* somebody else ended the container */
};

void fleet_note_end(struct fleet *fleet, uint64_t serial, bool killed); /* see fleet_ends */
enum fleet_fate fleet_fate(const struct fleet *fleet, uint64_t serial);

uint64_t fleet_outcomes(const struct fleet *fleet, enum fleet_outcome outcome); /* how many releases ended so */
