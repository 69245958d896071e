/* fake_listener: what a container of the fake engine does on its address: it answers each request as its `answer` says. */
#pragma once

#include "tests/unit/orchestrator/fleet/fake_engine.h"

#include <stdbool.h>

/* From now on it answers. False: the port is taken. */
bool fake_listen(struct fake_engine *fake, struct fake_container *container);

/* It hangs up on everybody, and is gone. */
void fake_unlisten(struct fake_container *container);
