/* event_line: one line of the orchestrator's journal, for a terminal or a program. Pure. */
#pragma once

#include "common/json.h"

#include <stdio.h>

/* "03-01 12:00:00.123 warn  fault service=acts slot=0 ... error="..."", in the local time. */
void event_line_print(const struct json_value *line, bool colour, FILE *to);
void event_line_write_json(const struct json_value *line, FILE *to); /* the object, on a line of its own */
