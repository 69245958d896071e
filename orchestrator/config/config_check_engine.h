/* config_check_engine: rules that come from the engine that is to make the containers. */
#pragma once

#include "orchestrator/config/config.h"
#include "orchestrator/config/config_scope.h"

bool check_engine_name(const struct scope *scope, const struct config *config);
bool check_engine_peers(const struct scope *scope, const struct config *config);
bool check_engine(const struct scope *scope, const struct config *config, const struct config_service *service);
