/* summary: a simulation in a few numbers. */
#pragma once

#include "orchestrator/cli/simulate/simulation.h"

struct summary {
	double hours;
	double container_hours, ideal_hours;
	double short_hours, spare_hours; /* fewer than the ideal's, and more: container_hours = ideal + spare - short */
	double ratio;                    /* ours to the ideal's; 1 where the ideal needs none */
	double started_per_hour;
	/* requests per container, over the windows that had requests: n through the mean number of containers in it */
	double load_median, load_p95, load_max;
};

void summary_make(const struct simulation *simulation, struct summary *summary);
