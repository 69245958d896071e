/* simulation: events in the order of time. A window that ends at the moment of a request ends before it, as in the
 * loop, where its timer is due.
 *
 * Invariant: ready_us[0 .. wanted-1] are the containers that run, in the order in which they get ready; growth adds at
 * the end and shrinking takes from there, like the supervisor with its slots.
 */
#include "orchestrator/cli/simulate/simulation.h"

#include "common/mem.h"
#include "orchestrator/fleet/scaler.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct run {
	struct simulation *simulation;
	struct scaler scaler;
	int64_t *ready_us;
	int running;
	int64_t now_us;
	int64_t *us_at; /* since the open window began: how long so many ran */
	size_t decisions_allocated, windows_allocated;
};

static void *grown(void *items, size_t count, size_t *allocated, size_t size)
{
	if (count < *allocated)
		return items;
	*allocated = *allocated * 2 + 64;
	return mem_array(items, *allocated, size);
}

static void advance(struct run *run, int64_t now_us)
{
	run->simulation->container_us += (now_us - run->now_us) * run->running;
	run->us_at[run->running] += now_us - run->now_us;
	run->now_us = now_us;
}

static void note_decision(struct run *run, enum simulation_why why, const struct scaler_decision *decision)
{
	struct simulation *simulation = run->simulation;

	simulation->decisions = grown(simulation->decisions, simulation->decision_count, &run->decisions_allocated,
	                              sizeof(*simulation->decisions));
	simulation->decisions[simulation->decision_count++] = (struct simulation_decision){.at_us = run->now_us,
	                                                                                   .why = why,
	                                                                                   .count = decision->count,
	                                                                                   .from = decision->from,
	                                                                                   .wanted = decision->wanted};
}

static void begin_window(struct run *run)
{
	memset(run->us_at, 0, ((size_t)run->simulation->scale->max + 1) * sizeof(*run->us_at));
}

static void note_window(struct run *run, int64_t start_us, uint64_t count)
{
	struct simulation *simulation = run->simulation;
	struct simulation_window window = {.start_us = start_us,
	                                   .end_us = run->now_us,
	                                   .count = count,
	                                   .need = scaler_wanted(simulation->scale, count)};

	for (int n = 0; n <= simulation->scale->max; n++) {
		window.container_us += n * run->us_at[n];
		window.short_us += n < window.need ? (window.need - n) * run->us_at[n] : 0;
	}
	simulation->windows = grown(simulation->windows, simulation->window_count, &run->windows_allocated,
	                            sizeof(*simulation->windows));
	simulation->windows[simulation->window_count++] = window;
	simulation->short_us += window.short_us;
	begin_window(run);
}

static void set_running(struct run *run, int wanted)
{
	for (; run->running < wanted; run->running++, run->simulation->started++)
		run->ready_us[run->running] = run->now_us + run->simulation->start_us;
	run->simulation->stopped += (uint64_t)(run->running - wanted);
	run->running = wanted;
}

static void end_window(struct run *run)
{
	int64_t start_us = run->scaler.start_us;

	advance(run, scaler_deadline_us(&run->scaler));
	struct scaler_decision decision = scaler_tick(&run->scaler, run->now_us);
	assert(decision.window_ended);
	note_window(run, start_us, decision.count);
	note_decision(run, decision.count == 0 ? SIMULATION_IDLE : SIMULATION_WINDOW, &decision);
	set_running(run, decision.wanted);
}

static void end_windows_until(struct run *run, int64_t now_us)
{
	while (run->scaler.open && scaler_deadline_us(&run->scaler) <= now_us)
		end_window(run);
}

static void count_request(struct run *run, int64_t at_us)
{
	struct simulation *simulation = run->simulation;

	end_windows_until(run, at_us);
	advance(run, at_us);
	if (!run->scaler.open)
		begin_window(run);
	struct scaler_decision decision = scaler_count(&run->scaler, at_us);
	if (decision.changed) {
		note_decision(run, decision.from == 0 ? SIMULATION_FIRST : SIMULATION_EARLY, &decision);
		set_running(run, decision.wanted);
	}
	simulation->requests++;
	if (run->running > 0 && run->ready_us[0] <= at_us)
		return;
	simulation->held++;
	if (run->running > 0 && run->ready_us[0] - at_us > simulation->longest_hold_us)
		simulation->longest_hold_us = run->ready_us[0] - at_us;
}

void simulation_run(const struct config_scale *scale, int64_t start_ms, const struct trace *trace,
                    struct simulation *simulation)
{
	*simulation = (struct simulation){.scale = scale, .start_us = start_ms * 1000};
	struct run run = {.simulation = simulation};
	scaler_init(&run.scaler, scale);
	run.ready_us = mem_zero(((size_t)scale->max + 1) * sizeof(*run.ready_us));
	run.us_at = mem_zero(((size_t)scale->max + 1) * sizeof(*run.us_at));
	run.running = run.scaler.wanted;
	for (size_t i = 0; i < trace->count; i++)
		for (uint64_t k = 0; k < trace->points[i].count; k++)
			count_request(&run, trace_request_us(&trace->points[i], k));
	int64_t trace_end_us = trace->count > 0 ? trace->points[trace->count - 1].at_us : 0;
	end_windows_until(&run, trace_end_us);
	if (run.scaler.open && run.scaler.count > 0)
		end_window(&run);
	if (trace_end_us > run.now_us)
		advance(&run, trace_end_us);
	free(run.ready_us);
	free(run.us_at);
	simulation->end_us = run.now_us;
	simulation->ideal_us = simulation_ideal(simulation);
}

void simulation_clear(struct simulation *simulation)
{
	free(simulation->decisions);
	free(simulation->windows);
	*simulation = (struct simulation){0};
}

/* --- the ideal ------------------------------------------------------------------------------------------------- */

static int64_t lesser(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The time that the k-th container (from 1) costs: the windows that need it, and before each run of them its start. One
 * needed at the very beginning runs already. */
static int64_t ideal_of(const struct simulation *simulation, int k)
{
	int64_t cost_us = 0, free_since_us = 0;

	for (size_t i = 0; i < simulation->window_count; i++) {
		const struct simulation_window *window = &simulation->windows[i];
		if (window->need < k)
			continue;
		cost_us += lesser(window->start_us - free_since_us, simulation->start_us);
		cost_us += window->end_us - window->start_us;
		free_since_us = window->end_us;
	}
	return cost_us;
}

int64_t simulation_ideal(const struct simulation *simulation)
{
	int64_t min = simulation->scale->min, cost_us = min * simulation->end_us;

	for (int k = (int)min + 1; k <= simulation->scale->max; k++)
		cost_us += ideal_of(simulation, k);
	return cost_us;
}
