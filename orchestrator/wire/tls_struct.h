/* tls_struct: a connection that speaks TLS, for tls and tls_stream. Nobody else includes this. */
#pragma once

#include "orchestrator/wire/tls_hello.h"

#include <openssl/ssl.h>
#include <stdbool.h>

struct tls {
	SSL *ssl;
	struct tls_hello hello;
	bool challenge; /* acme-tls/1 */
	bool shaken;    /* the handshake is done */
	bool starved;   /* what the library has of the socket's bytes is no whole record */
	bool broken;    /* nothing can be said any more */
	bool ended;     /* our close_notify is on its way: a further SSL_shutdown would read */
	unsigned stray; /* since the last bytes of ours */
};
