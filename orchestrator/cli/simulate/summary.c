/* summary: hours from microseconds, and the loads of the windows in order. */
#include "orchestrator/cli/simulate/summary.h"

#include "common/mem.h"

#include <stdlib.h>

#define US_PER_HOUR 3.6e9

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

/* The least load that so many per cent of the windows do not pass. */
static double percentile(const double *loads, size_t count, size_t percent)
{
	size_t rank = (count * percent + 99) / 100;

	return loads[rank > 0 ? rank - 1 : 0];
}

static void sum_up_loads(const struct simulation *simulation, struct summary *summary)
{
	double *loads = mem_array(NULL, simulation->window_count + 1, sizeof(*loads));
	size_t count = 0;

	for (size_t i = 0; i < simulation->window_count; i++) {
		const struct simulation_window *window = &simulation->windows[i];
		double length_us = (double)(window->end_us - window->start_us);
		if (window->count > 0 && window->container_us > 0)
			loads[count++] = (double)window->count * length_us / (double)window->container_us;
	}
	qsort(loads, count, sizeof(*loads), compare);
	if (count > 0) {
		summary->load_median = percentile(loads, count, 50);
		summary->load_p95 = percentile(loads, count, 95);
		summary->load_max = loads[count - 1];
	}
	free(loads);
}

void summary_make(const struct simulation *simulation, struct summary *summary)
{
	*summary = (struct summary){.hours = (double)simulation->end_us / US_PER_HOUR,
	                            .container_hours = (double)simulation->container_us / US_PER_HOUR,
	                            .ideal_hours = (double)simulation->ideal_us / US_PER_HOUR,
	                            .short_hours = (double)simulation->short_us / US_PER_HOUR,
	                            .ratio = 1};
	summary->spare_hours = summary->container_hours - summary->ideal_hours + summary->short_hours;
	if (simulation->ideal_us > 0)
		summary->ratio = (double)simulation->container_us / (double)simulation->ideal_us;
	if (simulation->end_us > 0)
		summary->started_per_hour = (double)simulation->started / summary->hours;
	sum_up_loads(simulation, summary);
}
