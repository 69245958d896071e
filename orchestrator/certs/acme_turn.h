/* acme_turn: whose turn it is, of the CA that acme.directory names and of that of acme.fallback. Pure.
 *
 * The first one is asked until three orders in a row have failed there for a reason of its own, or it says itself that nothing comes of
 * asking within the hour. Then, where time presses (see acme_due), the two are asked in turns until a certificate is there; which wipes
 * this, so the next renewal begins with the first one. What another CA would refuse as well is no reason to ask it.
 */
#pragma once

#include "orchestrator/certs/acme_failure.h"

#include <stdbool.h>
#include <stdint.h>

enum acme_turn { ACME_FIRST, ACME_FALLBACK, ACME_TURNS };

/* Since the last certificate; all zero: nothing has failed. */
struct acme_tries {
	enum acme_turn last;              /* whose order was the last to fail */
	int64_t refused;                  /* orders in a row that failed at the first CA for a reason of its own */
	int64_t not_before_s[ACME_TURNS]; /* the CA wants nothing of us before (Unix time); 0: it did not say */
};

/* An order has failed there. now_s: Unix time. */
void acme_turn_failed(struct acme_tries *tries, enum acme_turn at, const struct acme_failure *failure, int64_t now_s);

/* Whose it is at that moment (Unix time). presses: there is a fallback, and time presses. */
enum acme_turn acme_turn_at(const struct acme_tries *tries, bool presses, int64_t at_s);
