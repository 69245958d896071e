/* acme: certificates that come by themselves (RFC 8555): for each host of the configuration that no file covers one is ordered,
 * proven by http-01, shown, kept in state_dir/certs, and renewed in time.
 *
 * What is on the disk is shown before anybody is asked, and without acme.agree_to_terms nobody is.
 */
#pragma once

#include "common/err.h"
#include "orchestrator/certs/acme_host.h"
#include "orchestrator/config/config.h"

struct acme;
struct certs;

/* config: one whose files certificates_read found good. NULL, and true, where no TLS is spoken (certs is NULL). certs is borrowed.
 * False: state_dir cannot be used. */
bool acme_open(struct event_base *base, const struct config *config, struct certs *certs, struct acme **acme,
               struct err *err) MUST_CHECK;
void acme_free(struct acme *acme); /* before certs; NULL is fine */

/* Another configuration, found good as above, which certs have already. */
void acme_reload(struct acme *acme, const struct config *config);

/* The answer to the challenge with this token, NULL: there is none. arg: struct acme, NULL is fine. As a callback. */
const char *acme_challenge(const char *token, size_t len, void *arg);

/* An order now, at an operator's wish. False with why not. */
bool acme_renew(struct acme *acme, const char *host, struct err *err) MUST_CHECK;

/* The hosts, in the order of the configuration. */
size_t acme_count(const struct acme *acme);
struct acme_view acme_at(const struct acme *acme, size_t index);

/* Is it covered by a file, so that none is ordered? */
bool acme_is_covered(const struct acme *acme, const char *host);

/* Orders since the start. acme NULL is fine: 0. */
uint64_t acme_orders(const struct acme *acme, enum acme_outcome outcome);
const char *acme_outcome_text(enum acme_outcome outcome);
