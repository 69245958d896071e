/* stand_in: a certificate that nobody trusts and that says so: shown until there is a real one, so that a client hears a reason
 * and not silence.
 */
#pragma once

#include "common/err.h"

#include <openssl/types.h>

struct tls_server;

/* A context of the server's that shows one with a new key, valid for ten years; the caller's. NULL: the library cannot. */
SSL_CTX *stand_in_new(struct tls_server *server, struct err *err) MUST_CHECK;
