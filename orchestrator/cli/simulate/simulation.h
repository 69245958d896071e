/* simulation: the scaler over a trace, with a clock that jumps from one event to the next. Pure.
 *
 * The scaler is the one that runs in production, called in the same way: each request is counted, and each window is
 * closed at its end to the microsecond. What is modelled around it: a container that is wanted costs from that moment
 * and serves start_ms later; one that is not wanted any more is gone at once. The service runs with its minimum, ready,
 * when the trace begins; the simulation ends with the window of the last request, or with the trace where that is later.
 */
#pragma once

#include "orchestrator/config/config.h"
#include "orchestrator/cli/simulate/trace.h"

enum simulation_why {
	SIMULATION_WINDOW, /* a window ended */
	SIMULATION_IDLE,   /* one ended that had no request: so did the chain */
	SIMULATION_EARLY,  /* the count so far asks for more */
	SIMULATION_FIRST,  /* the first request to no container at all */
};

struct simulation_decision {
	int64_t at_us;
	enum simulation_why why;
	uint64_t count; /* requests in the window */
	int from, wanted;
};

struct simulation_window {
	int64_t start_us, end_us;
	uint64_t count;
	int need;             /* what its count asks for */
	int64_t container_us; /* that ran in it, added up */
	int64_t short_us;     /* and by how much fewer than it needed, added up over the time that they were fewer */
};

struct simulation {
	const struct config_scale *scale; /* borrowed */
	int64_t start_us;                 /* a container's time from wanted to serving */
	int64_t end_us;
	struct simulation_decision *decisions;
	size_t decision_count;
	struct simulation_window *windows; /* those that had requests, and the empty ones that ended a chain */
	size_t window_count;
	uint64_t requests;
	uint64_t started, stopped; /* beyond those that ran at the beginning */
	int64_t container_us;      /* containers times time */
	int64_t short_us;          /* added up over the windows */
	int64_t ideal_us;          /* containers times time, of one that knows the future: see simulation_ideal */
	uint64_t held;             /* requests that came while no container served */
	int64_t longest_hold_us;
};

/* Runs it. Free with simulation_clear; trace is not needed any more, scale is. */
void simulation_run(const struct config_scale *scale, int64_t start_ms, const struct trace *trace,
                    struct simulation *simulation);
void simulation_clear(struct simulation *simulation);

/* The ideal that knows the future: the least container time with which, in each of the same windows, as many containers
 * as its count asks for serve from the window's first moment to its last, and `min` between windows. It pays for start
 * times, too: a container is started start_us before it is needed, or kept where the gap is shorter than that. */
int64_t simulation_ideal(const struct simulation *simulation);
