/* config_check_tls: rules for the addresses that speak TLS. Files of certificates are certs' to judge. */
#pragma once

#include "orchestrator/config/config.h"
#include "orchestrator/config/config_scope.h"

bool check_tls(const struct scope *scope, const struct config *config);
