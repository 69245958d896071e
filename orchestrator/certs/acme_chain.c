/* acme_chain: a CA makes mistakes seldom, and a clock that is off shows here at the latest. What was issued counts against its limits,
 * which are few in a week for one name: another is not ordered by the usual pace.
 */
#include "orchestrator/certs/acme_chain.h"

#include "common/clock.h"

#include <stddef.h>

#define PAUSE_S 86400

struct certificate *acme_chain_read(const char *chain, const char *path, EVP_PKEY *key, const char *host,
                                    struct acme_failure *failure)
{
	int64_t now_s = clock_wall_ms() / 1000;
	struct certificate *certificate = NULL;
	struct err err;

	if (!certificate_take(path, chain, key, &certificate, &err))
		acme_failure_say(failure, NULL, "what the CA issued is no good: %s", err.message);
	else if (!certificate_is_for(certificate, host))
		acme_failure_say(failure, NULL, "what the CA issued is not for this host");
	else if (!certificate_is_valid(certificate, now_s))
		acme_failure_say(failure,
		                 "set this machine's clock (timedatectl set-ntp true); then `orchestrator renew HOST`",
		                 "what the CA issued is not valid now, says this machine's clock");
	else
		return certificate;
	failure->not_before_s = now_s + PAUSE_S;
	certificate_free(certificate);
	return NULL;
}
