/* acme_due: what follows from a host's certificate and its record for when something is to be done. Pure. */
#pragma once

#include "orchestrator/certs/acme_record.h"
#include "orchestrator/certs/certificate.h"

#include <stdbool.h>
#include <stdint.h>

/* Was the certificate (NULL: there is none) issued by this CA (as acme_authority names it)? */
bool acme_due_is_from(const struct acme_record *record, const struct certificate *certificate, const char *authority);

/* When it is renewed (Unix time): as its CA wishes, else by its life; 0: there is none. */
int64_t acme_due_renewal_s(const struct acme_record *record, const struct certificate *certificate);

/* A certificate that is to be renewed as it comes, by its life or by its CA's first word, is no reason to order without a pause: for so
 * long none is. now_ms: Unix time. */
void acme_due_rest(struct acme_record *record, const struct certificate *certificate, int64_t now_ms);

/* From when on time presses (Unix time): once there is no certificate that is good, its CA's window has closed, or half of the time is over
 * that lay between its renewal and its ending soon. 0: there is none. */
int64_t acme_due_presses_s(const struct acme_record *record, const struct certificate *certificate);
bool acme_due_presses(const struct acme_record *record, const struct certificate *certificate, int64_t now_s);

/* After the failure that the record's tries know of: how long until the next order, which is that one's whose turn it is then, if these
 * may be asked. now_ms: Unix time. */
int64_t acme_due_wait_ms(const struct acme_record *record, bool unreached, enum acme_may may,
                         const struct certificate *certificate, int64_t now_ms);

/* When this CA is asked for its wish (Unix time, ms; RFC 9773 section 4.3); INT64_MAX: not at all. */
int64_t acme_due_ask_ms(const struct acme_record *record, const struct certificate *certificate, const char *authority,
                        int64_t now_ms);
