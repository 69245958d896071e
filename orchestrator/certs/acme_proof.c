/* acme_proof: a circle of a few. */
#include "orchestrator/certs/acme_proof.h"

#include <string.h>

/* Where it stands; 0: nowhere. */
static size_t place_of(const enum acme_challenge_kind *kinds, size_t count, const char *text)
{
	for (size_t i = 0; text != NULL && i < count; i++)
		if (strcmp(acme_challenge_text(kinds[i]), text) == 0)
			return i;
	return 0;
}

size_t acme_proof_order(const struct config *config, const char *host, const char *first,
                        enum acme_challenge_kind kinds[ACME_CHALLENGE_KINDS])
{
	enum acme_challenge_kind all[ACME_CHALLENGE_KINDS];
	size_t count = acme_challenges_for(config, host, all), from = place_of(all, count, first);

	for (size_t i = 0; i < count; i++)
		kinds[i] = all[(from + i) % count];
	return count;
}

/* The one behind this one, in the circle; itself where there is no other. */
static enum acme_challenge_kind next_of(const struct config *config, const char *host, enum acme_challenge_kind kind)
{
	enum acme_challenge_kind kinds[ACME_CHALLENGE_KINDS];
	size_t count = acme_proof_order(config, host, acme_challenge_text(kind), kinds);

	return count > 1 && kinds[0] == kind ? kinds[1] : count > 0 ? kinds[0] : kind;
}

const char *acme_proof_learn(const struct config *config, const char *host, enum acme_challenge_kind kind, bool good)
{
	if (kind == ACME_CHALLENGE_KINDS)
		return NULL;
	return acme_challenge_text(good ? kind : next_of(config, host, kind));
}
