/* reconcile: the engine's list against what we know of one service. What is ours and fits is adopted, what is ours and does not
 * is removed by who leads; what does not carry our label is not in the list and never touched.
 */
#pragma once

#include "orchestrator/config/identity.h"
#include "orchestrator/fleet/listing.h"
#include "orchestrator/fleet/slots.h"
#include "orchestrator/fleet/spares.h"

struct reconcile {
	struct containers *containers;
	const struct revisions *revisions;
	struct slots *slots;
	struct spares *spares;
	struct roll *roll;
	const struct identity *identity; /* whose containers are ours */
	bool others_made;                /* another orchestrator did, by a file that ours may have come up with meanwhile */
};

void reconcile(const struct reconcile *with, const struct engine_listing *listing);
