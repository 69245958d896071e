/* acme_choice: which CA a host's next order goes to, and how long that is waited for: what acme_turn knows of tries, for those that can be
 * asked.
 */
#pragma once

#include "orchestrator/certs/acme_failure.h"
#include "orchestrator/certs/acme_record.h"
#include "orchestrator/certs/certificate.h"

struct acme_authority;

/* Borrowed. */
struct acme_choice {
	const char *host;
	struct acme_authority *const *authorities; /* ACME_TURNS; NULL: there is none */
	struct acme_record *record;
	const struct certificate *certificate; /* NULL: there is none */
};

/* Whose it is now; an order that was begun goes on where it is. */
enum acme_turn acme_choice_turn(const struct acme_choice *choice);

/* Whose that one's is (as acme_authority names it); of one that is none of them any more the first's. */
enum acme_turn acme_choice_place(const struct acme_choice *choice, const char *authority);

/* An order at that one has failed, once more (record->failures has it): recorded, with how long is waited now, and logged. Where it is
 * another's turn then, an order that waits at this one is left there. */
void acme_choice_failed(const struct acme_choice *choice, const char *authority, const struct acme_failure *failure);

/* The authorities may be others: see acme_record_meet. */
void acme_choice_meet(const struct acme_choice *choice);
