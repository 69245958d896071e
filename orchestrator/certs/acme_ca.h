/* acme_ca: one CA as we speak to it (RFC 8555): its directory, our account there, nonces, signed requests.
 *
 * The directory is fetched, and the account made or found again, when the first request wants them. A nonce that is refused is
 * replaced and the request sent again; an account that the CA has forgotten is made anew. Owns no key.
 */
#pragma once

#include "orchestrator/certs/acme_answer.h"

#include <openssl/types.h>

struct acme_ca;
struct acme_ask;
struct acme_wish;

struct acme_ca_settings {
	struct fetch *fetch;           /* borrowed, as the key; the texts are copied */
	EVP_PKEY *key;                 /* of the account, one that jws takes */
	const char *directory;         /* URL */
	const char *ca_file;           /* see fetch */
	const char *email;             /* "": none */
	const char *eab_kid, *eab_key; /* "": none */
};

struct acme_ca *acme_ca_new(const struct acme_ca_settings *settings);
void acme_ca_free(struct acme_ca *ca); /* no request may be under way; NULL is fine */

/* payload: JSON, "" for POST-as-GET. Both are copied. One final callback, never before this has
 * returned; the ask is dead as soon as it starts. */
struct acme_ask *acme_ca_ask(struct acme_ca *ca, const char *url, const char *payload, acme_answered *answered,
                             void *arg);

/* A new order, likewise. A predecessor that the CA does not take is left out, and the order sent again. */
struct acme_ask *acme_ca_order(struct acme_ca *ca, const struct acme_wish *wish, acme_answered *answered, void *arg);

/* Our address is told, if the account has another one; without an account one is made. As acme_ca_ask. */
struct acme_ask *acme_ca_tell(struct acme_ca *ca, acme_answered *answered, void *arg);

void acme_ca_cancel(struct acme_ask *ask); /* no callback follows */

/* Other settings for the same account: what is under way goes on. fetch, key and directory stay as they were. */
void acme_ca_change(struct acme_ca *ca, const struct acme_ca_settings *settings);

/* Directory and account are asked for anew: something did not fit. */
void acme_ca_forget(struct acme_ca *ca);

/* Is there an account? */
bool acme_ca_is_known(const struct acme_ca *ca);

/* What a challenge http-01 with this token is answered (RFC 8555 section 8.1); the caller frees it. */
char *acme_ca_key_authorization(const struct acme_ca *ca, const char *token);
