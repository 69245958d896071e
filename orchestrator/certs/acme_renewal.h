/* acme_renewal: when a CA wants a certificate to be renewed (renewal information, RFC 9773). Pure: text in, moments out. */
#pragma once

#include "common/err.h"
#include "orchestrator/certs/certificate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Unix time; until_s 0: none is known. */
struct acme_window {
	int64_t from_s, until_s;
};

/* What the CA answered. False: it is no window, or one that ends before it begins; err says why. */
bool acme_renewal_read(const char *text, size_t len, struct acme_window *window, struct err *err) MUST_CHECK;

/* The CA's name for a certificate (section 4.1), which is also that of the predecessor in a new order; the caller frees it. NULL: the
 * certificate does not say which key signed it. */
char *acme_renewal_name(const struct certificate *certificate);

/* The moment in the window (Unix time) that is this certificate's: by chance, and the same each time. Never so late that it would
 * count as ending soon. */
int64_t acme_renewal_moment(const struct acme_window *window, const struct certificate *certificate);

/* How long until the CA is asked again; retry_after_s: what it said, -1: nothing (sections 4.3.1 and 4.3.2). */
int64_t acme_renewal_again_s(int64_t retry_after_s);
