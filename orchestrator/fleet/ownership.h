/* ownership: containers of our name that another orchestrator made (label selfless.owner). It decides nothing about them. */
#pragma once

#include "orchestrator/engine/engine.h"
#include "orchestrator/config/identity.h"

/* False where some of them run: the message names them and says what to do. name: the orchestrator's. */
bool ownership_check(const struct identity *identity, const char *name, const struct engine_container *containers,
                     size_t count, struct err *err) MUST_CHECK;

/* All of them become ours, and stay so after a restart. */
bool ownership_take_over(struct identity *identity, const struct engine_container *containers, size_t count,
                         struct err *err) MUST_CHECK;

/* In the log, if there are any: they are left alone. True if there are. */
bool ownership_tell(const struct identity *identity, const struct engine_container *containers, size_t count);
