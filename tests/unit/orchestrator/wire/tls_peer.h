/* tls_peer: the client's side of TLS with its bytes in the test's hands, and a server with a certificate of its own. */
#pragma once

#include "orchestrator/wire/tls.h"
#include "orchestrator/wire/tls_stream.h"
#include "tests/unit/orchestrator/wire/pairs.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>

/* --- the server ------------------------------------------------------------------------------------------------ */

struct test_server {
	struct tls_server *tls;
	SSL_CTX *context;
	struct tls_hello asked; /* the last ClientHello's name */
	bool offers_acme;
	bool unknown;    /* no certificate for anybody */
	bool challenged; /* a CA may come */
};

static inline void put_certificate(SSL_CTX *context)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();

	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -10);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 1000);
	X509_set_pubkey(certificate, key);
	ck_assert_int_gt(X509_sign(certificate, key, EVP_sha256()), 0);
	ck_assert_int_eq(SSL_CTX_use_certificate(context, certificate), 1);
	ck_assert_int_eq(SSL_CTX_use_PrivateKey(context, key), 1);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

static inline SSL_CTX *test_choose(const struct tls_hello *hello, void *arg)
{
	struct test_server *server = arg;

	server->asked = *hello;
	server->offers_acme = tls_hello_offers(hello, "acme-tls/1");
	return server->unknown ? NULL : server->context;
}

/* The same certificate: the test sees by the protocol which of the two was asked. */
static inline SSL_CTX *test_challenge(const struct tls_hello *hello, void *arg)
{
	struct test_server *server = arg;

	server->asked = *hello;
	return server->challenged ? server->context : NULL;
}

static inline void test_server_open(struct test_server *server, struct tls_tickets *tickets)
{
	const struct tls_settings settings = {
	        .choose = test_choose, .challenge = test_challenge, .arg = server, .tickets = tickets};
	struct err err;

	memset(server, 0, sizeof(*server));
	ck_assert(tls_server_new(&settings, &server->tls, &err));
	server->context = tls_context_new(server->tls);
	ck_assert_ptr_nonnull(server->context);
	put_certificate(server->context);
}

static inline void test_server_close(struct test_server *server)
{
	SSL_CTX_free(server->context);
	tls_server_free(server->tls);
}

/* --- the client ------------------------------------------------------------------------------------------------ */

struct tls_peer {
	SSL_CTX *context;
	SSL *ssl;
	BIO *in, *out; /* as seen from the client */
	int fd;
	int records; /* of application data that came */
	int alert;   /* the last one that came, 0: none */
	char got[65536];
	size_t got_len;
	bool ended;  /* close_notify came */
	bool closed; /* the socket's end, or a reset */
};

static inline void peer_count(int written, int version, int kind, const void *data, size_t len, SSL *ssl, void *arg)
{
	struct tls_peer *peer = arg;

	(void)version;
	(void)ssl;
	if (!written && kind == SSL3_RT_INNER_CONTENT_TYPE && *(const unsigned char *)data == SSL3_RT_APPLICATION_DATA)
		peer->records++;
	if (!written && kind == SSL3_RT_ALERT && len == 2)
		peer->alert = ((const unsigned char *)data)[1];
}

static inline void peer_open(struct tls_peer *peer, int fd)
{
	memset(peer, 0, sizeof(*peer));
	peer->fd = fd;
	peer->context = SSL_CTX_new(TLS_client_method());
	peer->ssl = SSL_new(peer->context);
	peer->in = BIO_new(BIO_s_mem());
	peer->out = BIO_new(BIO_s_mem());
	SSL_set_bio(peer->ssl, peer->in, peer->out);
	SSL_set_connect_state(peer->ssl);
	SSL_set_msg_callback(peer->ssl, peer_count);
	SSL_set_msg_callback_arg(peer->ssl, peer);
}

static inline void peer_close(struct tls_peer *peer)
{
	SSL_free(peer->ssl);
	SSL_CTX_free(peer->context);
}

/* What it has to say goes to the socket, at most so many bytes at once. Returns how many. */
static inline size_t peer_send_some(struct tls_peer *peer, size_t most)
{
	char piece[65536];
	int len = BIO_read(peer->out, piece, most < sizeof(piece) ? (int)most : (int)sizeof(piece));

	if (len <= 0)
		return 0;
	ck_assert_int_eq(send(peer->fd, piece, (size_t)len, MSG_NOSIGNAL), len);
	return (size_t)len;
}

static inline void peer_send(struct tls_peer *peer)
{
	while (peer_send_some(peer, 65536) > 0)
		continue;
}

/* What the socket has goes to it; what was just sent to it may take a moment. */
static inline void peer_receive(struct tls_peer *peer)
{
	char piece[65536];
	ssize_t len;
	struct pollfd waiting = {.fd = peer->fd, .events = POLLIN};

	poll(&waiting, 1, 10);

	while ((len = recv(peer->fd, piece, sizeof(piece), MSG_DONTWAIT)) > 0)
		BIO_write(peer->in, piece, (int)len);
	peer->closed |= len == 0 || (len == -1 && errno == ECONNRESET);
}

static inline void peer_read(struct tls_peer *peer)
{
	size_t len;

	peer_receive(peer);
	ERR_clear_error();
	while (SSL_read_ex(peer->ssl, peer->got + peer->got_len, sizeof(peer->got) - peer->got_len, &len) == 1)
		peer->got_len += len;
	peer->ended |= SSL_get_error(peer->ssl, 0) == SSL_ERROR_ZERO_RETURN;
	ERR_clear_error();
}

/* Until so much has come. */
static inline void peer_await(struct tls_peer *peer, size_t len)
{
	for (int i = 0; i < 200 && peer->got_len < len; i++)
		peer_read(peer);
	ck_assert_uint_eq(peer->got_len, len);
}

static inline void peer_await_end(struct tls_peer *peer)
{
	for (int i = 0; i < 200 && !peer->closed; i++)
		peer_read(peer);
	ck_assert(peer->closed);
}

static inline void peer_say(struct tls_peer *peer, const void *data, size_t len)
{
	size_t put;

	ERR_clear_error();
	ck_assert_int_eq(SSL_write_ex(peer->ssl, data, len, &put), 1);
	ck_assert_uint_eq(put, len);
}

/* One go. True: its side of the handshake is done. */
static inline bool peer_shake(struct tls_peer *peer)
{
	peer_receive(peer);
	ERR_clear_error();
	int result = SSL_do_handshake(peer->ssl);
	peer_send(peer);
	return result == 1;
}

/* Both sides, without a loop. The server's last step. */
static inline enum tls_step shake_both(struct tls *tls, struct tls_peer *peer)
{
	enum tls_step step = TLS_WANTS_READ;

	for (int i = 0; i < 10; i++) {
		bool done = peer_shake(peer);
		poll(NULL, 0, 2);
		if (step == TLS_WANTS_READ)
			step = tls_shake(tls);
		if (step > TLS_WANTS_WRITE || (step == TLS_DONE && done))
			break;
	}
	return step;
}
