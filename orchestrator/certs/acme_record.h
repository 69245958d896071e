/* acme_record: what is to be remembered of a host's certificate besides itself: a file's text, and back. Pure.
 *
 * It is written before an order is made, as one that has failed, and again once the order has a URL: so however this ends, the next
 * start takes the order up, or waits as after a failure.
 */
#pragma once

#include "common/err.h"
#include "orchestrator/certs/acme_renewal.h"
#include "orchestrator/certs/acme_turn.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACME_RECORD_MAX 65536

/* An order that was begun, and whose it is; texts are owned, NULL: none */
struct acme_left {
	char *directory; /* as acme_authority names it */
	char *order;     /* URL */
	char *key;       /* as the record's */
};

struct acme_record {
	char *directory; /* the acme_authority_name that the rest is about; texts are owned, NULL: none */
	char *first;     /* the acme_authority_names that there were to ask: as acme_turn has them; NULL: none */
	char *fallback;
	struct acme_tries tries; /* of these two */
	int64_t failures;        /* in a row */
	int64_t next_ms;         /* nothing is ordered before (Unix time); 0: at once */
	int64_t wait_ms;         /* how long that was to be when it was decided: the clock may be another since */
	int64_t failed_ms;       /* when the last failure was; 0: there was none */
	char *failure;           /* what it was */
	char *remedy;
	char *order; /* URL of the one that is under way */
	char *key;   /* of the certificate that was ordered there: acme_files_key_line, which JSON takes as it is */
	struct acme_left left; /* one that waits at the other CA until it is that one's turn again */

	/* Kept when the rest is over: how the host is proven first the next time; NULL: as acme.challenges has it */
	char *challenge;

	/* Of the certificate that is there: the directory of the CA that issued it, when that wants it renewed, and when it is asked
	 * again (Unix time; 0: at once) */
	char *issued_by;
	struct acme_window window;
	int64_t ask_ms;
};

char *acme_record_text(const struct acme_record *record); /* the caller frees it */

/* False: it is no such text; record is empty then. */
bool acme_record_read(const char *text, size_t len, struct acme_record *record, struct err *err) MUST_CHECK;
void acme_record_clear(struct acme_record *record);

/* Another text in place of one of its; copied; NULL: none. */
void acme_record_set(char **text, const char *by);

/* These are the CAs that there are to ask; fallback NULL: none. What failed while the first was another is over; where the fallback is
 * another, what that one said alone. Orders at one that is none of them are over, too. True: it was the former fallback's turn that was
 * waited for. */
bool acme_record_meet(struct acme_record *record, const char *first, const char *fallback);

/* Nothing is ordered for so long, from now (Unix time) on. */
void acme_record_wait(struct acme_record *record, int64_t wait_ms, int64_t now_ms);

/* More is left of a wait than it was to be: the clock was ahead when it was decided. True: it has begun anew. */
bool acme_record_mind_clock(struct acme_record *record, int64_t now_ms);

/* The order went well, and nothing is to be remembered of it. */
void acme_record_finish(struct acme_record *record);

/* There is another certificate, by this CA (as acme_authority names it): what was known of the former's renewal is not this one's. */
void acme_record_issued(struct acme_record *record, const char *by);

/* There is no order at hand any more; none that was left. */
void acme_record_forget_order(struct acme_record *record);
void acme_record_forget_left(struct acme_record *record);

/* That CA's turn (as acme_authority names it): the order at hand is the one that was begun there, if any, and one that was begun at the
 * other is left there. */
void acme_record_turn_to(struct acme_record *record, const char *directory);

/* What failed before is over. */
void acme_record_forgive(struct acme_record *record);
