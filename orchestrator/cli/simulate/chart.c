/* chart: three panels over one time axis.
 *
 *   requests per second: the mean over a pixel or so, and behind it the busiest second of it
 *   requests per window: each window's count; the dashed lines are where one more container is asked for
 *   containers:          the number wanted, and behind it what the ideal would run
 */
#include "orchestrator/cli/simulate/chart.h"

#include "common/mem.h"
#include "orchestrator/cli/simulate/summary.h"
#include "orchestrator/cli/simulate/svg.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#define US_PER_S 1000000
#define MOST_BINS 1000
#define THRESHOLD_GAP 16 /* pixels between two of them at least */
#define FIRST_TOP 118
#define PANEL_HEIGHT 170
#define PANEL_STEP 230

struct bin {
	uint64_t count;
	uint64_t peak; /* its busiest second's */
};

struct bins {
	struct bin *items;
	size_t count;
	int64_t width_us; /* whole seconds */
};

static struct svg_panel panel_at(int index, double max)
{
	return (struct svg_panel){.top = FIRST_TOP + index * PANEL_STEP, .height = PANEL_HEIGHT, .max = max};
}

/* --- requests per second --------------------------------------------------------------------------------------- */

static struct bins bins_new(const struct trace *trace, int64_t end_us)
{
	int64_t width_s = end_us / US_PER_S / MOST_BINS + 1, second = -1;
	struct bins bins = {.count = (size_t)(end_us / US_PER_S / width_s) + 1, .width_us = width_s * US_PER_S};
	uint64_t in_second = 0;

	bins.items = mem_zero(bins.count * sizeof(*bins.items));
	for (size_t i = 0; i < trace->count; i++)
		for (uint64_t k = 0; k < trace->points[i].count; k++) {
			int64_t at_us = trace_request_us(&trace->points[i], k);
			struct bin *bin = &bins.items[at_us / bins.width_us];
			in_second = at_us / US_PER_S == second ? in_second + 1 : 1;
			second = at_us / US_PER_S;
			bin->count++;
			if (in_second > bin->peak)
				bin->peak = in_second;
		}
	return bins;
}

static double bin_mean(const struct bins *bins, size_t i, int64_t end_us)
{
	int64_t left_us = end_us - (int64_t)i * bins->width_us;
	int64_t width_us = left_us < bins->width_us && left_us > 0 ? left_us : bins->width_us;

	return (double)bins->items[i].count * US_PER_S / (double)width_us;
}

static void draw_peaks(const struct svg *svg, const struct svg_panel *panel, const struct bins *bins)
{
	svg_path_begin(svg, "peak", svg_x(svg, 0), svg_y(panel, 0));
	for (size_t i = 0; i < bins->count; i++)
		svg_path_step(svg, svg_x(svg, (int64_t)i * bins->width_us), svg_y(panel, (double)bins->items[i].peak));
	svg_path_step(svg, svg_x(svg, svg->end_us), svg_y(panel, 0));
	svg_path_end(svg);
}

static void draw_means(const struct svg *svg, const struct svg_panel *panel, const struct bins *bins)
{
	svg_path_begin(svg, "rate", svg_x(svg, 0), svg_y(panel, bin_mean(bins, 0, svg->end_us)));
	for (size_t i = 1; i < bins->count; i++)
		svg_path_step(svg, svg_x(svg, (int64_t)i * bins->width_us),
		              svg_y(panel, bin_mean(bins, i, svg->end_us)));
	svg_path_step(svg, svg_x(svg, svg->end_us), svg_y(panel, bin_mean(bins, bins->count - 1, svg->end_us)));
	svg_path_end(svg);
}

static void draw_rate(const struct svg *svg, const struct trace *trace)
{
	static const struct svg_key keys[] = {{"rate", true, "mean"}, {"peak", false, "busiest second"}};
	struct bins bins = bins_new(trace, svg->end_us);
	uint64_t peak = 1;

	for (size_t i = 0; i < bins.count; i++)
		if (bins.items[i].peak > peak)
			peak = bins.items[i].peak;
	struct svg_panel panel = panel_at(0, (double)peak);
	svg_panel(svg, &panel, true, "Requests per second", keys, 2);
	draw_peaks(svg, &panel, &bins);
	draw_means(svg, &panel, &bins);
	free(bins.items);
}

/* --- requests per window --------------------------------------------------------------------------------------- */

/* The most requests that k containers are enough for. */
static double threshold(const struct config_scale *scale, int64_t k)
{
	return (double)(scale->formula == CONFIG_FORMULA_CEIL ? scale->requests_per_container * k
	                                                      : scale->requests_per_container * k - 1);
}

/* As many of them as have room, up to the panel's top or to max, which has a line of its own. */
static void draw_thresholds(const struct svg *svg, const struct svg_panel *panel, const struct config_scale *scale)
{
	double gap = panel->height * (double)scale->requests_per_container / panel->max;
	int64_t top = (int64_t)(panel->max / (double)scale->requests_per_container);
	int64_t step = (int64_t)(THRESHOLD_GAP / gap) + 1, last = top < scale->max ? top : scale->max - step;
	char word[48];

	for (int64_t k = 1; k <= last && k < scale->max; k += step) {
		snprintf(word, sizeof(word), "over %.0f: %" PRId64, threshold(scale, k), k + 1);
		svg_level(svg, panel, "threshold", threshold(scale, k), word);
	}
	if (top >= scale->max) {
		snprintf(word, sizeof(word), "over %.0f: max", threshold(scale, scale->max));
		svg_level(svg, panel, "limit", threshold(scale, scale->max), word);
	}
}

static void draw_windows(const struct svg *svg, const struct simulation *simulation)
{
	static const struct svg_key keys[] = {{"window", false, "window"},
	                                      {"threshold", true, "one container more from here on"}};
	uint64_t most = 1;

	for (size_t i = 0; i < simulation->window_count; i++)
		if (simulation->windows[i].count > most)
			most = simulation->windows[i].count;
	struct svg_panel panel = panel_at(1, (double)most);
	svg_panel(svg, &panel, true, "Requests per window", keys, 2);
	double base = svg_y(&panel, 0);
	svg_path_begin(svg, "window", svg_x(svg, 0), base);
	for (size_t i = 0; i < simulation->window_count; i++) {
		const struct simulation_window *window = &simulation->windows[i];
		svg_path_step(svg, svg_x(svg, window->start_us), svg_y(&panel, (double)window->count));
		svg_path_step(svg, svg_x(svg, window->end_us), base);
	}
	svg_path_end(svg);
	draw_thresholds(svg, &panel, simulation->scale);
}

/* --- containers ------------------------------------------------------------------------------------------------ */

static void draw_need(const struct svg *svg, const struct svg_panel *panel, const struct simulation *simulation)
{
	double least = svg_y(panel, (double)simulation->scale->min);

	svg_path_begin(svg, "need", svg_x(svg, 0), svg_y(panel, 0));
	svg_path_line(svg, svg_x(svg, 0), least);
	for (size_t i = 0; i < simulation->window_count; i++) {
		const struct simulation_window *window = &simulation->windows[i];
		svg_path_step(svg, svg_x(svg, window->start_us), svg_y(panel, window->need));
		svg_path_step(svg, svg_x(svg, window->end_us), least);
	}
	svg_path_step(svg, svg_x(svg, svg->end_us), svg_y(panel, 0));
	svg_path_end(svg);
}

static void draw_wanted(const struct svg *svg, const struct svg_panel *panel, const struct simulation *simulation)
{
	double y = svg_y(panel, (double)simulation->scale->min);

	svg_path_begin(svg, "wanted", svg_x(svg, 0), y);
	for (size_t i = 0; i < simulation->decision_count; i++) {
		const struct simulation_decision *decision = &simulation->decisions[i];
		if (decision->wanted == decision->from)
			continue;
		y = svg_y(panel, decision->wanted);
		svg_path_step(svg, svg_x(svg, decision->at_us), y);
	}
	svg_path_step(svg, svg_x(svg, svg->end_us), y);
	svg_path_end(svg);
}

static void draw_containers(const struct svg *svg, const struct simulation *simulation)
{
	static const struct svg_key keys[] = {{"wanted", true, "wanted"},
	                                      {"need", false, "the ideal, which knows the future"}};
	int most = (int)simulation->scale->min > 1 ? (int)simulation->scale->min : 1;

	for (size_t i = 0; i < simulation->decision_count; i++)
		if (simulation->decisions[i].wanted > most)
			most = simulation->decisions[i].wanted;
	struct svg_panel panel = panel_at(2, most);
	svg_panel(svg, &panel, true, "Containers", keys, 2);
	draw_need(svg, &panel, simulation);
	draw_wanted(svg, &panel, simulation);
	if (most >= simulation->scale->max)
		svg_level(svg, &panel, "limit", (double)simulation->scale->max, "max");
}

/* --- the whole ------------------------------------------------------------------------------------------------- */

static void draw(const struct svg *svg, const struct simulation *simulation, const struct trace *trace,
                 const char *service)
{
	struct summary summary;
	char title[160], subtitle[256];

	summary_make(simulation, &summary);
	bool in_minutes = summary.hours < 1;
	snprintf(title, sizeof(title),
	         "%s: %" PRIu64 " requests in %.1f %s, windows of %" PRId64 " s, %" PRId64 " a container", service,
	         simulation->requests, in_minutes ? summary.hours * 60 : summary.hours, in_minutes ? "min" : "h",
	         simulation->scale->window_s, simulation->scale->requests_per_container);
	snprintf(subtitle, sizeof(subtitle),
	         "%.4g container-hours, %.2f times the ideal's %.4g \302\267 %" PRIu64
	         " containers started, %.1f an hour \302\267 %.1f requests per container and window (median)",
	         summary.container_hours, summary.ratio, summary.ideal_hours, simulation->started,
	         summary.started_per_hour, summary.load_median);
	svg_begin(svg, title, subtitle);
	svg_time_axis(svg, FIRST_TOP, FIRST_TOP + 2 * PANEL_STEP + PANEL_HEIGHT);
	draw_rate(svg, trace);
	draw_windows(svg, simulation);
	draw_containers(svg, simulation);
	svg_end(svg);
}

bool chart_write(const struct simulation *simulation, const struct trace *trace, const char *service, const char *path,
                 struct err *err)
{
	FILE *to = fopen(path, "we");

	if (to == NULL)
		return err_set_errno(err, errno, "chart %s", path);
	struct svg svg = {.to = to, .end_us = simulation->end_us};
	draw(&svg, simulation, trace, service);
	bool ok = ferror(to) == 0;
	if (fclose(to) != 0 || !ok)
		return err_set_errno(err, errno, "chart %s", path);
	return true;
}
