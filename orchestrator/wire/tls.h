/* tls: the server's side of TLS 1.2 and 1.3 on a connected socket (OpenSSL, straight on the socket): first a handshake, then a
 * kind of stream.
 *
 * Which certificate is shown its owner decides for each ClientHello; contexts for certificates are made here, so that they
 * are alike in all else. Knows nothing of files.
 */
#pragma once

#include "common/err.h"
#include "orchestrator/wire/tls_hello.h"

#include <openssl/types.h>
#include <stdbool.h>

struct tls;        /* one connection */
struct tls_server; /* what all of them have in common */
struct tls_tickets;

/* --- what all have in common ----------------------------------------------------------------------------------- */

struct tls_settings {
	/* The context (of tls_context_new) with the certificate to show; NULL: the handshake is refused, as for a name that is
	 * not known here. Must do no I/O, and must not end the connection. */
	SSL_CTX *(*choose)(const struct tls_hello *hello, void *arg);
	/* The same where the client speaks acme-tls/1 and nothing else (RFC 8737): a CA that looks whether this machine has the
	 * name. No byte is exchanged behind such a handshake, which is never resumed. NULL for itself: nobody answers. */
	SSL_CTX *(*challenge)(const struct tls_hello *hello, void *arg);
	void *arg;
	struct tls_tickets *tickets; /* borrowed; NULL: sessions are not resumed */
	bool only_1_3;
};

/* False only if the library cannot be used. */
bool tls_server_new(const struct tls_settings *settings, struct tls_server **server, struct err *err) MUST_CHECK;

/* Connections keep what they need of it, but no handshake may be under way. NULL is fine. */
void tls_server_free(struct tls_server *server);

/* For handshakes that begin from now on. */
void tls_server_set_only_1_3(struct tls_server *server, bool only_1_3);

/* A context without certificate; freed by the caller with SSL_CTX_free, whatever connections it has. NULL: as above. */
SSL_CTX *tls_context_new(struct tls_server *server);

/* --- one connection -------------------------------------------------------------------------------------------- */

/* For a connected, non-blocking socket, which stays the caller's. NULL: no memory for it. */
struct tls *tls_new(struct tls_server *server, int fd);

/* Without a word to the peer. As long as no stream has it. NULL is fine. */
void tls_free(struct tls *tls);

enum tls_step {
	TLS_DONE,
	TLS_WANTS_READ,  /* go on when there is something to read */
	TLS_WANTS_WRITE, /* or when it can be written */
	TLS_GONE,        /* the peer has left */
	TLS_REFUSED,     /* we do not take what it wants, or it does not take what we have */
};

/* The next step of the handshake: the costly part of one, or a cheap one. */
enum tls_step tls_shake(struct tls *tls);

const char *tls_version(const struct tls *tls);  /* "1.2" or "1.3"; "-" before it is known */
const char *tls_name(const struct tls *tls);     /* that the client asked for, see tls_hello; "" for none */
const char *tls_protocol(const struct tls *tls); /* "http/1.1", "http/1.0", or "" where the client did not ask (ALPN) */
bool tls_is_resumed(const struct tls *tls);
bool tls_is_challenge(
        const struct tls *tls); /* it spoke acme-tls/1: after the handshake the connection is to be closed */
