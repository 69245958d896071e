/* chart: a simulation as a picture: requests per second, requests per window with the thresholds of the numbers of
 * containers, and the number wanted beside the ideal's. */
#pragma once

#include "orchestrator/cli/simulate/simulation.h"

/* Writes an SVG file; an existing one is overwritten. */
bool chart_write(const struct simulation *simulation, const struct trace *trace, const char *service, const char *path,
                 struct err *err) MUST_CHECK;
