/* acme_view: what people are told of a host's certificate. */
#pragma once

#include "orchestrator/certs/acme_record.h"
#include "orchestrator/certs/certificate.h"

#include <stdbool.h>
#include <stdint.h>

/* Borrowed from the host, for the moment. */
struct acme_view {
	const char *name;
	const char *issuer;    /* NULL: there is no certificate, and the next three are 0 */
	int64_t until_s;       /* Unix time, as the next */
	int64_t soon_s;        /* see certificate */
	int64_t renewal_s;     /* when it is renewed */
	bool wished;           /* by the CA */
	const char *issued_by; /* the CA, as acme_authority names it; NULL: not known */
	enum acme_turn turn;   /* whose the order under way is, or the next one */
	const char *challenge; /* by which it is proven first the next time; NULL: as acme.challenges has it */
	int64_t next_s;        /* when the next order is due; 0: at once, or under way */
	const char *failure; /* the last one's text and what to do; NULL: the last order went well, or there was none */
	const char *remedy;
	enum acme_turn failed_at;
	int64_t failed_s;
	int64_t failures; /* in a row */
	bool busy;
};

/* As far as the record and the certificate (NULL: there is none) say; the rest is 0. */
struct acme_view acme_view_of(const struct acme_record *record, const struct certificate *certificate);
