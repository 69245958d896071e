/* curves: what plots of the last ten minutes are drawn from, so that whoever opens the page later sees them, too.
 *
 * Of each service and slot, one number for each step of CURVES_STEP_US. Knows no clock and no fleet: it is told. Memory:
 * half a KiB for each curve, four a service and one a slot that ran within the ten minutes. Lost with the process.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CURVES_STEP_US 5000000
#define CURVES_STEPS 120

struct curves;
struct curves_service;
struct json_writer;

struct curves *curves_new(void);
void curves_free(struct curves *curves); /* NULL is fine */

/* One round of readings: begin, then each service and its slots, then end. now_us never falls. */
void curves_begin(struct curves *curves, int64_t now_us);

struct curves_reading {
	const char *service; /* its name: the same one goes on with its curves */
	uint64_t requests;   /* a counter; its curve is by how much that grew in a step */
	uint64_t counted;    /* requests in the scaling window */
	int ready, wanted;   /* containers; of ready the fewest in a step */
};
/* Good until the round's end. */
struct curves_service *curves_service(struct curves *curves, const struct curves_reading *reading);
/* How long the last good probe of a slot took; of a step, the longest. */
void curves_probe(struct curves_service *service, size_t slot, int64_t probe_us);

/* Services that were not read in this round are forgotten. True: a step has ended since the last round. */
bool curves_end(struct curves *curves);

/* How many steps have ended so far. */
uint64_t curves_ended(const struct curves *curves);

/* Members of the object about the steps behind the first `after` ones, oldest first; what is not known is null. */
void curves_write(struct json_writer *w, const struct curves *curves, uint64_t after, int64_t now_us);

/* A table in Markdown: array | meaning. */
void curves_document(FILE *to);
