/* acme_challenges: two of them; what asks the name servers is not for a program that has no hand in them. */
#include "orchestrator/config/acme_challenges.h"

#include "orchestrator/config/host_name.h"

#include <string.h>

static const char *const texts[ACME_CHALLENGE_KINDS] = {
        [ACME_HTTP_01] = "http-01",
        [ACME_TLS_ALPN_01] = "tls-alpn-01",
};

const char *acme_challenge_text(enum acme_challenge_kind kind)
{
	return texts[kind];
}

bool acme_challenge_from(const char *text, enum acme_challenge_kind *kind)
{
	for (int i = 0; i < ACME_CHALLENGE_KINDS; i++)
		if (strcmp(texts[i], text) == 0) {
			*kind = (enum acme_challenge_kind)i;
			return true;
		}
	return false;
}

static bool is_possible(const struct config *config, const char *host, enum acme_challenge_kind kind)
{
	return kind == ACME_HTTP_01 ? config->listen.count > 0 : !host_name_is_address(host);
}

size_t acme_challenges_for(const struct config *config, const char *host,
                           enum acme_challenge_kind kinds[ACME_CHALLENGE_KINDS])
{
	const struct strings *wanted = &config->acme.challenges;
	size_t count = 0;

	for (size_t i = 0; i < wanted->count && count < ACME_CHALLENGE_KINDS; i++) {
		enum acme_challenge_kind kind;
		if (acme_challenge_from(wanted->items[i], &kind) && is_possible(config, host, kind))
			kinds[count++] = kind;
	}
	return count;
}
