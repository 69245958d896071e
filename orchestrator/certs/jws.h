/* jws: signed messages (RFC 7515, flattened JSON) as ACME wants them (RFC 8555 section 6.2): ES256, ES384 or RS256, as the key is,
 * and HS256 to bind an account to one that the CA gave out by other ways. Texts are owned by the caller.
 */
#pragma once

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>

/* RFC 4648 section 5, without padding. */
char *jws_base64url(const void *data, size_t len);

/* The bytes; padding at the end is passed over. False: it is no such text. */
bool jws_base64url_read(const char *text, unsigned char **data, size_t *len);

EVP_PKEY *jws_key_new(void); /* P-256 */

/* Can it sign here? ECDSA with P-256 or P-384, or RSA with 2048 bits, which sign within a millisecond. The others want such a key. */
bool jws_key_is_good(EVP_PKEY *key);

/* The public key as a JWK, with its members in the order that its thumbprint asks for (RFC 7638 section 3.2). */
char *jws_public(EVP_PKEY *key);

/* SHA-256 of that, in base64url. */
char *jws_thumbprint(EVP_PKEY *key);

struct jws_head {
	const char *kid; /* the account's URL; NULL: the key itself is sent */
	const char *nonce;
	const char *url;
};

/* payload: JSON, or "" for POST-as-GET. */
char *jws_sign(EVP_PKEY *key, const struct jws_head *head, const char *payload);

/* The member externalAccountBinding of newAccount (RFC 8555 section 7.3.4); secret: base64url. NULL: the secret is none. */
char *jws_bind(EVP_PKEY *key, const char *kid, const char *secret, const char *url);
