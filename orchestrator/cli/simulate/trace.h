/* trace: when requests came, from a file: lines `seconds,count`.
 *
 * seconds: since the start, with a fraction where wanted, never going back. count: the requests from that moment on,
 * spread evenly over one second or, where that is shorter, until the next line's. Several lines of one moment are added
 * up. Empty lines, # comments and one line of column names before the first number are passed over.
 */
#pragma once

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TRACE_MAX_SECONDS 31622400 /* 366 days */
#define TRACE_MAX_COUNT 1000000    /* of one line */

struct trace_point {
	int64_t at_us;
	int64_t spread_us; /* over so long */
	uint64_t count;
};

struct trace {
	struct trace_point *points; /* by time, each later than the one before */
	size_t count;
	uint64_t requests; /* in all */
};

/* Reads the file. On false err says FILE:LINE, what is there and what is expected, and trace is empty. */
bool trace_load(const char *path, struct trace *trace, struct err *err) MUST_CHECK;

/* The same from an open file; name is for messages. */
bool trace_read(FILE *from, const char *name, struct trace *trace, struct err *err) MUST_CHECK;
void trace_clear(struct trace *trace);

/* When the i-th request (from 0) of a point comes. */
int64_t trace_request_us(const struct trace_point *point, uint64_t i);
