/* report_text: lines for a person. */
#include "orchestrator/cli/simulate/report.h"

#include "orchestrator/cli/simulate/summary.h"

#include <inttypes.h>

#define TIME_SIZE 32
#define WHY_SIZE 96
#define US_PER_S 1000000

/* h:mm:ss.mmm */
static const char *time_text(int64_t us, char text[TIME_SIZE])
{
	int64_t s = us / US_PER_S;

	snprintf(text, TIME_SIZE, "%" PRId64 ":%02d:%02d.%03d", s / 3600, (int)(s / 60 % 60), (int)(s % 60),
	         (int)(us / 1000 % 1000));
	return text;
}

static void window_text(const struct config_scale *scale, const struct simulation_decision *decision,
                        char text[WHY_SIZE])
{
	bool ceil = scale->formula == CONFIG_FORMULA_CEIL;
	uint64_t per = (uint64_t)scale->requests_per_container;
	uint64_t asked = decision->count / per + (ceil ? decision->count % per != 0 : 1);
	int at = snprintf(text, WHY_SIZE, "window ended: %s(%" PRIu64 " / %" PRIu64 ")%s = %" PRIu64,
	                  ceil ? "ceil" : "floor", decision->count, per, ceil ? "" : " + 1", asked);

	if (asked > (uint64_t)scale->max)
		snprintf(text + at, WHY_SIZE - (size_t)at, ", at most %" PRId64, scale->max);
	else if (asked < (uint64_t)scale->min)
		snprintf(text + at, WHY_SIZE - (size_t)at, ", at least %" PRId64, scale->min);
}

static void why_text(const struct config_scale *scale, const struct simulation_decision *decision, char text[WHY_SIZE])
{
	switch (decision->why) {
	case SIMULATION_WINDOW:
		window_text(scale, decision, text);
		break;
	case SIMULATION_IDLE:
		snprintf(text, WHY_SIZE, "window without a request: back to the minimum");
		break;
	case SIMULATION_EARLY:
		snprintf(text, WHY_SIZE, "early: %" PRIu64 " requests already ask for %d", decision->count,
		         decision->wanted);
		break;
	case SIMULATION_FIRST:
		snprintf(text, WHY_SIZE, "first request to no container");
		break;
	}
}

static void print_settings(const struct simulation *simulation, const char *service, FILE *to)
{
	const struct config_scale *scale = simulation->scale;

	fprintf(to, "%s: windows of %" PRId64 " s, %" PRId64 " requests a container (%s), %s early growth,", service,
	        scale->window_s, scale->requests_per_container,
	        scale->formula == CONFIG_FORMULA_CEIL ? "ceil" : "floor+1", scale->early ? "with" : "without");
	fprintf(to, " %" PRId64 " to %" PRId64 " containers that start in %" PRId64 " ms\n\n", scale->min, scale->max,
	        simulation->start_us / 1000);
}

static void print_decisions(const struct simulation *simulation, FILE *to)
{
	fprintf(to, "%14s %9s %12s  %s\n", "time", "requests", "wanted", "why");
	for (size_t i = 0; i < simulation->decision_count; i++) {
		const struct simulation_decision *decision = &simulation->decisions[i];
		char at[TIME_SIZE], why[WHY_SIZE];
		why_text(simulation->scale, decision, why);
		fprintf(to, "%14s %9" PRIu64 " %4d -> %4d  %s\n", time_text(decision->at_us, at), decision->count,
		        decision->from, decision->wanted, why);
	}
}

static void print_summary(const struct simulation *simulation, FILE *to)
{
	struct summary summary;
	char length[TIME_SIZE];

	summary_make(simulation, &summary);
	fprintf(to, "\nrequests              %" PRIu64 " in %s and %zu windows\n", simulation->requests,
	        time_text(simulation->end_us, length), simulation->window_count);
	fprintf(to,
	        "containers started    %" PRIu64 " (%.1f an hour), %" PRIu64 " stopped, %" PRId64 " at the beginning\n",
	        simulation->started, summary.started_per_hour, simulation->stopped, simulation->scale->min);
	fprintf(to, "container-hours       %.3f\n", summary.container_hours);
	fprintf(to, "the ideal's           %.3f, knowing the future: each window's need met from its beginning\n",
	        summary.ideal_hours);
	fprintf(to, "ratio                 %.3f\n", summary.ratio);
	fprintf(to, "beside the ideal      %.3f container-hours more than needed, %.3f fewer (while a window grew)\n",
	        summary.spare_hours, summary.short_hours);
	fprintf(to, "requests a container  median %.1f, 95 %% of windows up to %.1f, most %.1f\n", summary.load_median,
	        summary.load_p95, summary.load_max);
	fprintf(to, "requests held         %" PRIu64 " while no container served, the longest %.0f ms\n",
	        simulation->held, (double)simulation->longest_hold_us / 1000);
}

void report_text(const struct simulation *simulation, const char *service, FILE *to)
{
	print_settings(simulation, service, to);
	print_decisions(simulation, to);
	print_summary(simulation, to);
}
