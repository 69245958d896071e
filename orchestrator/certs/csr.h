/* csr: what a CA is asked to sign (PKCS #10, RFC 2986): a key, and the host that the certificate is to be for. */
#pragma once

#include <openssl/types.h>
#include <openssl/x509.h>

/* DER in base64url, as ACME wants it (RFC 8555 section 7.4); the caller frees it. host: a name, or an IP address. */
char *csr_make(EVP_PKEY *key, const char *host);

/* subjectAltName with this one name or address; the caller's. */
X509_EXTENSION *csr_name_extension(const char *host);
