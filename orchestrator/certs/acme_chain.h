/* acme_chain: what a CA has issued, judged before anybody is shown it. */
#pragma once

#include "orchestrator/certs/acme_failure.h"
#include "orchestrator/certs/certificate.h"

/* chain: PEM; path: where it is to stay; key: that it was asked for. NULL with the failure: it is no chain, not for this host or
 * this key, or not valid now. */
struct certificate *acme_chain_read(const char *chain, const char *path, EVP_PKEY *key, const char *host,
                                    struct acme_failure *failure);
