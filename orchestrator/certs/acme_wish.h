/* acme_wish: what a new order asks for (RFC 8555 section 7.4), as far as the CA has it. Pure. */
#pragma once

#include "orchestrator/certs/acme_failure.h"
#include "orchestrator/certs/acme_reply.h"

struct acme_wish {
	const char *host;
	const char *profile;  /* "": the CA's default */
	const char *replaces; /* the predecessor's name (acme_renewal_name); NULL: there is none */
};

/* Has the CA the profile? */
bool acme_wish_fits(const struct acme_wish *wish, const struct acme_directory *directory);

/* JSON; the caller frees it. The predecessor is named where the CA offers renewal information (RFC 9773 section 5). NULL with the
 * failure: the CA has no such profile. */
char *acme_wish_payload(const struct acme_wish *wish, const struct acme_directory *directory,
                        struct acme_failure *failure);
