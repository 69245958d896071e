/* acme_order: one order of one certificate for one host, from newOrder, or from where an earlier one stopped, to the chain
 * (RFC 8555 section 7.4).
 */
#pragma once

#include "orchestrator/certs/acme_ca.h"

struct acme_order;
struct challenges;
struct event_base;
struct tls_challenges;
struct worker;

struct acme_order_end {
	const char *chain; /* PEM, the host's own first; NULL: it failed */
	const struct acme_failure *failure;
	bool lost; /* it cannot be taken up again: the next one is to be new */
	/* By which the CA was shown that the host is this machine's, or was not; ACME_CHALLENGE_KINDS: it did not come to that. */
	enum acme_challenge_kind proof;
};

struct acme_order_settings {
	struct event_base *base;
	struct acme_ca *ca;
	struct challenges *challenges;
	struct tls_challenges *tls_challenges;
	struct worker *lookups; /* for the host's addresses; NULL: they are not looked up */
	enum acme_challenge_kind kinds[ACME_CHALLENGE_KINDS]; /* the first that the CA offers is answered */
	size_t kind_count;
	EVP_PKEY *key; /* of the certificate */
	const char *host;
	const char *profile;  /* "": the CA's default */
	const char *replaces; /* the certificate that it stands in for, see acme_wish; NULL: there is none */
	const char *url;      /* of one that was begun before; NULL: a new one */

	/* A new one was begun: it goes on with acme_order_go_on, once its URL is written down. */
	void (*begun)(const char *url, void *arg);

	/* Once, not before acme_order_new has returned; the order is freed by the one who is called, in here or later. */
	void (*ended)(const struct acme_order_end *end, void *arg);
	void *arg;
};

/* Everything is borrowed until it is freed, but profile, replaces and url, which are borrowed for the call. */
struct acme_order *acme_order_new(const struct acme_order_settings *settings);
void acme_order_go_on(struct acme_order *order);

/* No callback follows. NULL is fine. */
void acme_order_free(struct acme_order *order);
