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

/* Whose it is at that moment (Unix time, ms); an order that was cut off goes on where it is. */
enum acme_turn acme_choice_turn(const struct acme_choice *choice, int64_t at_ms);

/* Whose that one's is (as acme_authority names it); of one that is none of them any more the first's. */
enum acme_turn acme_choice_place(const struct acme_choice *choice, const char *authority);

/* Nothing is ordered before (Unix time; 0: at once), as far as failures go: a wait for the first one ends when the fallback may be
 * asked. */
int64_t acme_choice_next_ms(const struct acme_choice *choice);

/* An order is made at that one: until more is known it counts as one that has failed (record->failures has it), and is waited for as
 * after such. */
void acme_choice_begun(const struct acme_choice *choice, enum acme_turn at);

/* An order at that one has failed, once more (record->failures has it): recorded, with how long is waited now, and logged. */
void acme_choice_failed(const struct acme_choice *choice, const char *authority, const struct acme_failure *failure);

/* The authorities may be others: see acme_record_meet. */
void acme_choice_meet(const struct acme_choice *choice);
