/* repair_times: the bounds, and the search for a bucket. */
#include "orchestrator/fleet/repair_times.h"

const double repair_bounds[REPAIR_BUCKETS] = {0.02, 0.05, 0.1, 0.25, 0.35, 0.5, 1, 2.5, 10, 60};

void repair_times_add(struct repair_times *times, double seconds)
{
	times->count++;
	times->sum += seconds;
	for (int i = 0; i < REPAIR_BUCKETS; i++)
		if (seconds <= repair_bounds[i]) {
			times->buckets[i]++;
			return;
		}
}
