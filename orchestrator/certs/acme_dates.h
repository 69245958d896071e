/* acme_dates: what a CA says of time in the fields of its replies. */
#pragma once

#include "orchestrator/certs/acme_failure.h"

#include <stdbool.h>
#include <stdint.h>

/* Retry-After (RFC 9110 section 10.2.3): seconds from now; -1: none was said (text NULL), or nonsense. */
int64_t acme_dates_retry_after_s(const char *text);

/* Are its clock (the field Date; NULL: it did not say) and ours close enough to order by? False with the failure. */
bool acme_dates_agree(const char *date, struct acme_failure *failure);
