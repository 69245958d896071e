/* tls_challenges: what a CA is shown that looks by tls-alpn-01 whether a host is this machine's (RFC 8737): for each host that is
 * being proven a certificate of its own, which is shown in no other handshake.
 */
#pragma once

#include <openssl/types.h>

struct tls_challenges;
struct tls_server;

/* server: borrowed. */
struct tls_challenges *tls_challenges_new(struct tls_server *server);
void tls_challenges_free(struct tls_challenges *challenges); /* connections keep what they need; NULL is fine */

/* host: a name, lower case, without a dot at its end. answer: the key authorization (RFC 8555 section 8.1); both are copied. Another
 * one for this host takes its place. */
void tls_challenges_put(struct tls_challenges *challenges, const char *host, const char *answer);
void tls_challenges_take(struct tls_challenges *challenges, const char *host); /* one that is not there is fine */

/* NULL: there is none for this host. */
SSL_CTX *tls_challenges_find(const struct tls_challenges *challenges, const char *host);
