/* acme_challenges: the ways in which a CA can be shown that a name is this machine's. Pure. */
#pragma once

#include "orchestrator/config/config.h"

#include <stdbool.h>
#include <stddef.h>

enum acme_challenge_kind {
	ACME_HTTP_01,     /* a file in clear, on port 80 (RFC 8555 section 8.3) */
	ACME_TLS_ALPN_01, /* a certificate in a handshake of its own, on port 443 (RFC 8737) */
	ACME_CHALLENGE_KINDS
};

const char *acme_challenge_text(enum acme_challenge_kind kind); /* as ACME has it: "http-01" */

/* False: it is none of them. */
bool acme_challenge_from(const char *text, enum acme_challenge_kind *kind);

/* Those of acme.challenges that can be for this host (as host_name_read gives it), in their order, and how many. http-01 needs an
 * address in `listen`; tls-alpn-01 is for names alone. */
size_t acme_challenges_for(const struct config *config, const char *host,
                           enum acme_challenge_kind kinds[ACME_CHALLENGE_KINDS]);
