/* listening: the log says where clients and operators are served. */
#pragma once

#include "orchestrator/config/config.h"

/* Of "node:PORT" admin says it, once it is known where that is. */
void listening_log(const struct config *config);
