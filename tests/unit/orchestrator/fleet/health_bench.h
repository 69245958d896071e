/* health_bench: a fleet and its health, containers that answer probes as a test says, and what the tests wait for. */
#pragma once

#include "orchestrator/fleet/fleet.h"
#include "orchestrator/fleet/health.h"
#include "tests/unit/orchestrator/fleet/fleet_bench.h"

#define BACKENDS_MAX 3

extern struct fleet_bench bench;
extern struct health *health;
extern struct fleet *fleet;
extern struct fake_container *containers[BACKENDS_MAX]; /* in the order in which they were made: slot 0 first */
extern struct backend *backends[BACKENDS_MAX];

/* What the fleet's observer saw since this was set to zero. */
extern struct seen {
	bool suspect, ready; /* a backend became so */
	bool left;           /* a backend was READY and is not */
} seen;

/* traffic: NULL: nobody has any. */
void health_bench_open(const struct health_traffic *traffic);
void health_bench_close(void);

/* bench.service.health was changed. */
void reconfigure(void);

/* A container that answers like this, in the next slot, watched. The second was found running, started running_ms ago. */
struct backend *make_backend(enum fake_answer answer);
struct backend *make_running(enum fake_answer answer, int64_t running_ms);
struct backend *make_ready(void);

void wait_state(struct backend *backend, enum backend_state state);

/* health_ask; how many of them were answered, and how the last one was. */
extern int answered;
extern bool well;
struct health_question *ask(struct backend *backend);
void wait_answers(int count); /* so many, and no more */
