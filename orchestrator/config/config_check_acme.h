/* config_check_acme: rules for certificates that come by themselves. */
#pragma once

#include "orchestrator/config/config.h"
#include "orchestrator/config/config_scope.h"

bool check_acme(const struct scope *scope, const struct config *config);
