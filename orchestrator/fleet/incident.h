/* incident: the name under which the log tells one fault's story, and when it began. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define INCIDENT_ID_SIZE 9 /* 8 hex digits and a NUL */

struct incident {
	char id[INCIDENT_ID_SIZE]; /* "" = none */
	int64_t t0_us;             /* clock_us of the first evidence */
};

/* Where incidents get their ids: all those of one service are different, those of two services most likely are. All zero is
 * ready for use. */
struct incident_names {
	uint32_t last;
	bool begun;
};

void incident_begin(struct incident *incident, struct incident_names *names); /* a new id; t0 is now */
void incident_end(struct incident *incident);                                 /* back to none */
bool incident_open(const struct incident *incident);
const char *incident_text(const struct incident *incident); /* the id, "-" for none: for logs */
