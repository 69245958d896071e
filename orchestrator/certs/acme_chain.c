/* acme_chain: a CA makes mistakes seldom, and a clock that is off shows here at the latest. */
#include "orchestrator/certs/acme_chain.h"

#include "common/clock.h"

#include <stddef.h>

struct certificate *acme_chain_read(const char *chain, const char *path, EVP_PKEY *key, const char *host,
                                    struct acme_failure *failure)
{
	struct certificate *certificate = NULL;
	struct err err;

	if (!certificate_take(path, chain, key, &certificate, &err)) {
		acme_failure_say(failure, NULL, "what the CA issued is no good: %s", err.message);
		return NULL;
	}
	if (!certificate_is_for(certificate, host))
		acme_failure_say(failure, NULL, "what the CA issued is not for this host");
	else if (!certificate_is_valid(certificate, clock_wall_ms() / 1000))
		acme_failure_say(failure, "set this machine's clock (timedatectl set-ntp true)",
		                 "what the CA issued is not valid now, says this machine's clock");
	else
		return certificate;
	certificate_free(certificate);
	return NULL;
}
