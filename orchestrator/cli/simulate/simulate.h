/* simulate: `orchestrator --simulate TRACE`: reads the trace, runs the scaler over it, prints what it decided. */
#pragma once

#include "orchestrator/config/config.h"

struct simulate_settings {
	const struct config *config; /* borrowed */
	const char *trace_path;
	const char *service;    /* NULL: the first of the configuration */
	const char *chart_path; /* NULL: none */
	bool json;
	int64_t start_ms; /* a container's time from wanted to serving */
};

/* The whole of it; false with what to tell the person. */
bool simulate(const struct simulate_settings *settings, struct err *err) MUST_CHECK;
