/* certificate: one certificate with its chain and its key, read and checked.
 *
 * Who has one shares it: certificate_free gives up a share.
 */
#pragma once

#include "common/err.h"
#include "orchestrator/base/options.h"
#include "orchestrator/certs/pem.h"

struct certificate {
	unsigned shares;
	char *cert_path, *key_path; /* NULL: it came from no file */
	struct pem_mark cert_mark, key_mark;
	STACK_OF(X509) * chain; /* itself first */
	EVP_PKEY *key;
	struct strings names;    /* it is for: lower case, "example.org", "*.example.org", "192.0.2.1" */
	char *issuer;            /* for people */
	int64_t from_s, until_s; /* Unix time */
	bool is_rsa;
	bool is_alone;        /* without a chain, and not its own issuer */
	bool key_is_readable; /* by others */
};

/* False with the file, what is wrong with it and what to do: it cannot be read, the key does not fit, the chain is in the wrong
 * order, no names, or what the library would not show. That it has expired is no failure. */
bool certificate_read(const char *cert_path, const char *key_path, struct certificate **certificate,
                      struct err *err) MUST_CHECK;

/* Of a chain that somebody sent (PEM), with the key that it was asked for, of which it takes a share. path: where it is to stay. */
bool certificate_take(const char *path, const char *chain, EVP_PKEY *key, struct certificate **certificate,
                      struct err *err) MUST_CHECK;

/* From what is there already; chain and key belong to it from now on. */
struct certificate *certificate_make(STACK_OF(X509) * chain, EVP_PKEY *key);

struct certificate *certificate_share(struct certificate *certificate);
void certificate_free(struct certificate *certificate); /* NULL is fine */

/* Is it good at this time (Unix)? */
bool certificate_is_valid(const struct certificate *certificate, int64_t now_s);

/* From when on somebody should see to it that it has not been renewed (Unix time): seven days before its end, or a quarter of its
 * life if that is less. */
int64_t certificate_soon_s(const struct certificate *certificate);

/* Is this host (lower case) among its names, itself or by a wildcard of one label (RFC 6125)? */
bool certificate_is_for(const struct certificate *certificate, const char *host);

/* Puts it into a context: a context may have one of RSA and one of another kind. False: the library does not show such. */
bool certificate_put(const struct certificate *certificate, SSL_CTX *context, struct err *err) MUST_CHECK;
