/* acme_times: when a certificate is renewed, and how long is waited after a failure. Pure. */
#pragma once

#include "orchestrator/certs/certificate.h"

#include <stdbool.h>
#include <stdint.h>

/* Unix time: two thirds of its life, half of one of ten days and less. */
int64_t acme_times_renewal_s(const struct certificate *certificate);

/* How long another one is not ordered after this one has come: 0, but where it is to be renewed already (renewal_s, Unix time, by its
 * dates or its CA). A day, or half of what is left of it. now_ms: Unix time. */
int64_t acme_times_rest_ms(const struct certificate *certificate, int64_t renewal_s, int64_t now_ms);

/* After so many failures in a row (1 and more), the last of which found nobody (unreached), or was refused: what the CA that is asked
 * next wishes (not_before_s, Unix time; 0: nothing) counts, but no wait is so long that it would use up more than half of what is left
 * of the certificate (NULL: there is none). now_ms: Unix time. */
int64_t acme_times_wait_ms(int64_t failures, bool unreached, int64_t not_before_s,
                           const struct certificate *certificate, int64_t now_ms);
