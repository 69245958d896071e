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

/* Who may be asked: the fallback where there is one and time presses, and it alone where the first one cannot be, for want of an
 * account's key that can be read. */
enum acme_may { ACME_MAY_FIRST, ACME_MAY_BOTH, ACME_MAY_FALLBACK };

/* Since the last certificate; all zero: nothing has failed. */
struct acme_tries {
	enum acme_turn last;              /* whose order was the last to fail */
	enum acme_turn waits_for;         /* whose turn the wait since then is to be the end of */
	int64_t refused;                  /* orders in a row that failed at the first CA for a reason of its own */
	int64_t not_before_s[ACME_TURNS]; /* the CA wants nothing of us before (Unix time); 0: it did not say */
};

/* An order has failed there. now_s: Unix time. */
void acme_turn_failed(struct acme_tries *tries, enum acme_turn at, const struct acme_failure *failure, int64_t now_s);

/* Whose it is at that moment (Unix time), if these may be asked then. */
enum acme_turn acme_turn_at(const struct acme_tries *tries, enum acme_may may, int64_t at_s);

/* When the wait for the first one ends early (Unix time), as the fallback may be asked from presses_s on; INT64_MAX: it does not.
 * may: who may, then. */
int64_t acme_turn_early_s(const struct acme_tries *tries, enum acme_may may, int64_t presses_s);

/* The fallback is another, which has said nothing yet, or gone. True: its turn was waited for; from now on it is the first one's. */
bool acme_turn_forget_fallback(struct acme_tries *tries);
