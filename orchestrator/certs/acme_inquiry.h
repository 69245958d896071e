/* acme_inquiry: asks a CA when it wants a certificate to be renewed (RFC 9773 section 4.1): without an account, one question at a
 * time. Its directory is read again with each question that finds no renewal information in it.
 */
#pragma once

#include "orchestrator/certs/acme_renewal.h"

struct acme_inquiry;
struct fetch;

struct acme_inquiry_answer {
	const struct acme_window *window; /* NULL: none came */
	const char *why;                  /* then: what went wrong, in words; "" where the CA offers none */
	bool refused;                     /* and: the CA answered, so that asking soon again is of no use */
	int64_t retry_after_s;            /* as it said; -1: it did not */
};

/* Once a question; the next one may be asked from it. */
typedef void acme_inquiry_answered(const struct acme_inquiry_answer *answer, void *arg);

/* fetch is borrowed; directory, ca_file: as acme_ca has them, copied. */
struct acme_inquiry *acme_inquiry_new(struct fetch *fetch, const char *directory, const char *ca_file);
void acme_inquiry_free(struct acme_inquiry *inquiry); /* no callback follows; NULL is fine */

/* name: of acme_renewal_name, copied. None may be under way. */
void acme_inquiry_ask(struct acme_inquiry *inquiry, const char *name, acme_inquiry_answered *answered, void *arg);
void acme_inquiry_cancel(struct acme_inquiry *inquiry); /* no callback follows; harmless where none is under way */
