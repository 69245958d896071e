/* acme_proof: by which challenges a host may be proven to be this machine's, and in which order they are tried. Pure.
 *
 * What went well is tried first the next time; what the CA refused gives way to the next one.
 */
#pragma once

#include "orchestrator/config/acme_challenges.h"

/* As acme_challenges_for, from `first` on (its text; NULL, or none of them: as acme.challenges has it). */
size_t acme_proof_order(const struct config *config, const char *host, const char *first,
                        enum acme_challenge_kind kinds[ACME_CHALLENGE_KINDS]);

/* What is to be tried first after this one went well, or was refused: its text. NULL: nothing was learnt, kind is none. */
const char *acme_proof_learn(const struct config *config, const char *host, enum acme_challenge_kind kind, bool good);
