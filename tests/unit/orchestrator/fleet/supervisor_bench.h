/* supervisor_bench: the supervisors, one of them, on a fake engine, and what its tests wait for. */
#pragma once

#include "tests/unit/orchestrator/fleet/fleet_bench.h"
#include "orchestrator/fleet/supervisors.h"

#include <check.h>

extern struct fleet_bench bench;
extern struct supervisors *supervisors;
extern struct supervisor *supervisor;
extern struct lately *lately; /* what it remembers */
extern char refused[512];     /* why they will not run; "": it does */
extern unsigned told_nothing; /* how often the supervisor said that nothing comes */

void setup(void);
void publish(enum engine_reach reach); /* before begin: slots and spares have host ports, from first_port on */
void begin(void);                      /* the engine is up */
void teardown(void);

unsigned ready_now(void);
void wait_ready(unsigned n);

/* Nothing in flight, every live slot ready with its next one ahead, nothing leaving, every spare
 * paused. */
bool settled(void *arg);
void wait_settled(void);

struct supervisor_slot view_of(size_t index);
void id_of(const char *name, char id[ENGINE_ID_SIZE]);
void scale_to(int wanted);
void request_on(struct backend *backend); /* one that serves: until it is released */

/* A running container from before, as the one of that name; dir gets its socket directory. */
void add_running(const char *name, int slot, const char *spec, char dir[128]);

/* acts_0 is another one than old_id, once, for this reason (or the other: a probe may be refused, or cut off when it
 * was in the queue). */
void check_replaced(const char *old_id, enum reason reason);
void check_replaced_either(const char *old_id, enum reason reason, enum reason other);

/* Is every container made from this spec, and all settled? The fewest ready meanwhile must be at least so many. */
void wait_rolled(char *spec, unsigned ready);

/* A test case with setup and teardown, added to the suite. */
TCase *tcase_of(Suite *suite, const char *name, int timeout_s);
int run_suite(Suite *suite);
