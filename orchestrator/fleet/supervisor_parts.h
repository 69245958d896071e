/* supervisor_parts: what keeps one service as it should be, in the order of a step; supervisor.c makes it, supervisor_view.c reads
 * it.
 */
#pragma once

#include "orchestrator/fleet/prospects.h"
#include "orchestrator/fleet/slots_scale.h"

struct supervisor_parts {
	struct fleet *fleet;
	struct health *health;
	struct step *step;
	struct containers containers;
	struct berths berths;
	struct revisions revisions;
	struct slots slots;
	struct slots_scale scale;
	struct spares spares;
	struct roll roll;
	struct prospects prospects;
};
