/* supervisors_private: what the files of the supervisors share. Outside of them, supervisors.h is all there is. */
#pragma once

#include "orchestrator/fleet/container.h"
#include "orchestrator/fleet/leading.h"
#include "orchestrator/fleet/nodes.h"
#include "orchestrator/fleet/orphans.h"
#include "orchestrator/fleet/peering.h"
#include "orchestrator/fleet/supervisors.h"

struct supervisors {
	struct supervisors_settings settings;
	const struct config *config;
	struct engine *engine;
	struct supervisor **items; /* in the order of the configuration */
	size_t count;
	struct harbour harbour;
	struct supervisor **leaving;
	size_t leaving_count;
	struct lists *lists;
	struct orphans orphans;
	bool listed;     /* the first list came */
	bool acting;     /* we lead, and a list that was asked for since was taken */
	int64_t role_us; /* when we were told who leads (clock_us) */
	bool up, told_down, told_foreign;
	struct supervisors_engine trouble;
	struct leading leading;
	struct nodes nodes;
	struct peering peering;
	struct timer *end; /* the end is told from the loop */
	size_t left;       /* supervisors that are still stopping */
	supervisor_stopped *done;
	void *done_arg;
};

struct supervisor *supervisors_make(struct supervisors *supervisors, const struct config_service *service);
/* NULL: none of these is of this service. */
struct supervisor **supervisors_find_in(struct supervisor **supervisors, size_t count, const char *service);
