/* acme_stored: what an earlier process left on the disk for a host. */
#pragma once

#include "orchestrator/certs/acme_record.h"
#include "orchestrator/certs/certificate.h"

struct acme_files;

/* record and certificate are all zero and NULL before, and where nothing usable is there; the log says what is not. */
void acme_stored_read(const struct acme_files *files, const char *host, struct acme_record *record,
                      struct certificate **certificate);
