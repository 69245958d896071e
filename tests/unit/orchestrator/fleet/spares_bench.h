/* spares_bench: the supervisors' bench with spares. */
#pragma once

#include "tests/unit/orchestrator/fleet/supervisor_bench.h"

#define SLOW_START_US 1000000 /* of an engine, so that the spare is there first */

/* States of the first spare, for wait_spare: what conditions are given is not const. */
extern char waiting[], ready[];

void begin_with(int spares); /* and all settled */
void slow_engine(void);

struct supervisor_spare spare_view(size_t index);
struct fake_container *spare(int index); /* NULL: the engine has none of that name */
bool spare_is(void *state);              /* the first spare; a condition */
void wait_spare(char *state);
