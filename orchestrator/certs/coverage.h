/* coverage: hosts of the configuration for which no certificate is. They are served all the same. */
#pragma once

#include "orchestrator/certs/certificates.h"
#include "orchestrator/config/config.h"

/* Nothing is said where no TLS is spoken. tell is called for each host, within this call, with its key and a whole sentence. */
void coverage_doubts(const struct config *config, const struct certificates *certificates,
                     void (*tell)(const char *doubt, void *arg), void *arg);

/* One line of the log for each. */
void coverage_doubts_log(const struct config *config, const struct certificates *certificates);
