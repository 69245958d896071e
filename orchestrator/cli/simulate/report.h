/* report: a simulation told to a person, or to a machine. */
#pragma once

#include "orchestrator/cli/simulate/simulation.h"

#include <stdio.h>

/* One line a decision, then the summary. */
void report_text(const struct simulation *simulation, const char *service, FILE *to);

/* One JSON object: scale, decisions, windows, summary. Times are in seconds. False where it would pass 1 GiB. */
bool report_json(const struct simulation *simulation, const char *service, FILE *to, struct err *err) MUST_CHECK;
