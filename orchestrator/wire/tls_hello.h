/* tls_hello: what a client says before anything is encrypted: the name it wants (RFC 6066 section 3) and the protocols it
 * speaks (ALPN, RFC 7301 section 3.1). Pure: bytes of a ClientHello's extensions in, strict.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define TLS_NAME_SIZE 256 /* bytes, of a host name and a NUL */

struct tls_hello {
	char name[TLS_NAME_SIZE];  /* lower case, without a trailing dot; "": the client said none */
	const unsigned char *alpn; /* the extension's bytes, NULL: there is none */
	size_t alpn_len;
};

/* The extension server_name; data NULL: there is none. False: it is malformed, or no host name that could be. */
bool tls_hello_read_name(struct tls_hello *hello, const unsigned char *data, size_t len);

/* Does the client offer this protocol? False where the extension is malformed. */
bool tls_hello_offers(const struct tls_hello *hello, const char *protocol);

/* The same, and no other one. */
bool tls_hello_offers_alone(const struct tls_hello *hello, const char *protocol);
