/* config_doubts: what a configuration may say and hardly means. It is said, and then done as it was said. */
#pragma once

#include "orchestrator/config/config.h"

#define CONFIG_DOUBT_SIZE 512 /* bytes, of one sentence with its key */

/* tell is called for each doubt, within this call: "services[0].scale.count: ...", a whole sentence with what to do. */
void config_doubts(const struct config *config, void (*tell)(const char *doubt, void *arg), void *arg);

/* One line of the log for each. */
void config_doubts_log(const struct config *config);
