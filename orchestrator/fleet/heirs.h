/* heirs: which service of a new configuration goes on with the containers of which one of the old: the one of its name, as a
 * rule; but a service that was renamed is still the same, and two that changed names are not each other. Pure.
 */
#pragma once

#include "orchestrator/config/config.h"

#define HEIRS_NONE SIZE_MAX

/* heirs[i]: the index in now of the one that next's service i is; HEIRS_NONE: it is new. None is anybody's twice. */
void heirs_find(const struct config_service *const *now, size_t count, const struct config *next, size_t *heirs);
