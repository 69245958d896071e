/* repair_times: a histogram: first evidence of a fault to the replacement's first good probe, in seconds. */
#pragma once

#include <stdint.h>

#define REPAIR_BUCKETS 10
extern const double repair_bounds[REPAIR_BUCKETS];

struct repair_times {
	uint64_t buckets[REPAIR_BUCKETS]; /* not cumulative; slower ones are only in count */
	uint64_t count;
	double sum;
};

void repair_times_add(struct repair_times *times, double seconds);
