/* spare: a container that runs ahead, paused, and stands in for a slot that does not serve. */
#pragma once

#include "orchestrator/fleet/berth.h"
#include "orchestrator/fleet/crashes.h"
#include "orchestrator/fleet/revisions.h"
#include "orchestrator/fleet/roll.h"
#include "orchestrator/fleet/slots.h"

struct spare {
	struct spares *all;
	int index;
	struct berth berth;
	int slot;  /* the one it stands in for; SLOT_NONE: none */
	bool told; /* that it serves there */
	bool warm; /* its container has shown that it works */
	struct crashes crashes;
	int64_t born_us; /* its container was made, or found */
};

/* All of a service's. */
struct spares {
	struct spare **items; /* never shrinks; those from scale.spares on have no container, or one that leaves */
	size_t count;
	struct containers *containers;
	struct berths *berths;
	struct revisions *revisions;
	const struct slots *slots;
	const struct roll *roll;
	bool told_runs_on; /* that the engine cannot pause */
};

struct spare *spare_of(struct spares *spares, int index); /* makes it if need be; never moves */

bool spare_waits(const struct spare *spare);
bool spare_comes(const struct spare *spare); /* it is about to stand in */
bool spare_fits(const struct spare *spare);  /* not one too many, and its container on its own port */
const char *spare_state_text(const struct spare *spare);
