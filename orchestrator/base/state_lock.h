/* state_lock: one orchestrator a state_dir, whatever its engine is. */
#pragma once

#include "common/err.h"

/* Makes state_dir where it is missing, and holds DIR/lock until the descriptor is closed, or the process is gone. False
 * where another process holds it: the message says which, and what to do. */
bool state_lock_take(const char *dir, int *fd, struct err *err) MUST_CHECK;
