/* tls: what all connections have in common, and the handshake of each.
 *
 *   ClientHello -> on_hello asks the owner for a context -> the library goes on with that one
 *
 * Options, limits and protocols are alike in all contexts, since the library takes some from the first and some from the
 * chosen one. The queue of errors belongs to the thread: it is emptied before each call.
 */
#include "orchestrator/wire/tls.h"

#include "common/mem.h"
#include "orchestrator/wire/tls_struct.h"
#include "orchestrator/wire/tls_tickets.h"

#include <openssl/err.h>
#include <stdlib.h>

/* Messages of the handshake's kind (updates of keys) after it, with no byte of ours between them. */
#define STRAY_MAX 100
#define CHALLENGE_PROTOCOL "acme-tls/1"

/* Mozilla's intermediate without its two suites of plain Diffie-Hellman, which cost a server most. */
static const char suites_1_2[] =
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
        "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
static const unsigned char session_id[] = "selfless";
static const unsigned char protocols[] = "\x08http/1.1\x08http/1.0"; /* what http1 speaks, the better one first */
static const unsigned char challenge_protocol[] = "\x0a" CHALLENGE_PROTOCOL;

struct tls_server {
	struct tls_settings settings;
	SSL_CTX *first; /* of every handshake, until a certificate is chosen */
};

/* --- called by the library ------------------------------------------------------------------------------------- */

/* No session of before: it is the certificate that is looked at. */
static SSL_CTX *choose_for_challenge(const struct tls_server *server, struct tls *tls)
{
	const struct tls_settings *settings = &server->settings;

	SSL_set_options(tls->ssl, SSL_OP_NO_TICKET);
	SSL_set_num_tickets(tls->ssl, 0);
	return settings->challenge != NULL ? settings->challenge(&tls->hello, settings->arg) : NULL;
}

static SSL_CTX *choose(const struct tls_server *server, struct tls *tls)
{
	tls->challenge = tls_hello_offers_alone(&tls->hello, CHALLENGE_PROTOCOL);
	if (tls->challenge)
		return choose_for_challenge(server, tls);
	return server->settings.choose(&tls->hello, server->settings.arg);
}

/* Its SSL must not be freed in any of these. */
static int on_hello(SSL *ssl, int *alert, void *arg)
{
	const struct tls_server *server = arg;
	struct tls *tls = SSL_get_app_data(ssl);
	struct tls_hello *hello = &tls->hello;
	const unsigned char *data = NULL;
	size_t len = 0;
	SSL_CTX *chosen;

	if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &data, &len) != 1)
		data = NULL;
	*alert = SSL_AD_DECODE_ERROR;
	if (!tls_hello_read_name(hello, data, len))
		return SSL_CLIENT_HELLO_ERROR;
	if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &hello->alpn,
	                              &hello->alpn_len) != 1)
		hello->alpn = NULL;
	chosen = choose(server, tls);
	hello->alpn = NULL; /* the library's bytes */
	*alert = tls->challenge ? SSL_AD_NO_APPLICATION_PROTOCOL : SSL_AD_UNRECOGNIZED_NAME;
	if (chosen == NULL)
		return SSL_CLIENT_HELLO_ERROR;
	SSL_set_SSL_CTX(ssl, chosen);
	return SSL_CLIENT_HELLO_SUCCESS;
}

/* A client that speaks none of ours is told so (RFC 7301 section 3.2). */
static int on_alpn(SSL *ssl, const unsigned char **chosen, unsigned char *chosen_len, const unsigned char *offered,
                   unsigned offered_len, void *arg)
{
	const struct tls *tls = SSL_get_app_data(ssl);
	const unsigned char *ours = tls->challenge ? challenge_protocol : protocols;
	unsigned ours_len = tls->challenge ? sizeof(challenge_protocol) - 1 : sizeof(protocols) - 1;
	unsigned char *found;

	(void)arg;
	if (SSL_select_next_proto(&found, chosen_len, ours, ours_len, offered, offered_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*chosen = found;
	return SSL_TLSEXT_ERR_OK;
}

static int on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac,
                     int seal)
{
	const struct tls_server *server = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	int result = tls_tickets_use(server->settings.tickets, name, iv, cipher, mac, seal);

	/* 2: and the client is to have another. In 1.3 it may use each but once, and would make every second handshake whole. */
	return result == 1 && !seal && SSL_version(ssl) == TLS1_3_VERSION ? 2 : result;
}

/* After the handshake its kind of message is the exception. One read goes on through any number of them: to end it, what
 * comes is taken for behind the end. */
static void on_message(int written, int version, int kind, const void *data, size_t len, SSL *ssl, void *arg)
{
	struct tls *tls = arg;

	(void)version;
	(void)data;
	(void)len;
	if (written || kind != SSL3_RT_HANDSHAKE || !tls->shaken || ++tls->stray <= STRAY_MAX)
		return;
	tls->broken = true;
	SSL_set_shutdown(ssl, SSL_get_shutdown(ssl) | SSL_RECEIVED_SHUTDOWN);
}

/* --- what all have in common ----------------------------------------------------------------------------------- */

static int oldest(bool only_1_3)
{
	return only_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
}

static bool seal_tickets(SSL_CTX *context, const struct tls_server *server)
{
	if (server->settings.tickets == NULL)
		return SSL_CTX_set_num_tickets(context, 0) == 1 &&
		       (SSL_CTX_set_options(context, SSL_OP_NO_TICKET) & SSL_OP_NO_TICKET) != 0;
	return SSL_CTX_set_num_tickets(context, 1) == 1 &&
	       SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket) == 1;
}

/* The groups are the library's own choice, which gets better with it. */
static bool make_alike(SSL_CTX *context, struct tls_server *server)
{
	SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_clear_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
	                                  SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_read_ahead(context, 1);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_timeout(context, TLS_TICKET_LIFE_S);
	SSL_CTX_set_alpn_select_cb(context, on_alpn, NULL);
	SSL_CTX_set_app_data(context, server);
	return SSL_CTX_set_min_proto_version(context, oldest(server->settings.only_1_3)) == 1 &&
	       SSL_CTX_set_cipher_list(context, suites_1_2) == 1 &&
	       SSL_CTX_set_session_id_context(context, session_id, sizeof(session_id) - 1) == 1 &&
	       seal_tickets(context, server);
}

SSL_CTX *tls_context_new(struct tls_server *server)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (context == NULL || make_alike(context, server))
		return context;
	SSL_CTX_free(context);
	return NULL;
}

bool tls_server_new(const struct tls_settings *settings, struct tls_server **result, struct err *err)
{
	struct tls_server *server = mem_zero(sizeof(*server));

	server->settings = *settings;
	ERR_clear_error();
	server->first = tls_context_new(server);
	if (server->first == NULL) {
		free(server);
		return err_set(err, "OpenSSL cannot be used: %s", ERR_reason_error_string(ERR_peek_last_error()));
	}
	SSL_CTX_set_client_hello_cb(server->first, on_hello, server);
	*result = server;
	return true;
}

void tls_server_free(struct tls_server *server)
{
	if (server == NULL)
		return;
	SSL_CTX_free(server->first);
	free(server);
}

/* A connection has this from the context that it began with. */
void tls_server_set_only_1_3(struct tls_server *server, bool only_1_3)
{
	server->settings.only_1_3 = only_1_3;
	SSL_CTX_set_min_proto_version(server->first, oldest(only_1_3));
}

/* --- a connection, and its handshake --------------------------------------------------------------------------- */

struct tls *tls_new(struct tls_server *server, int fd)
{
	struct tls *tls = mem_zero(sizeof(*tls));

	ERR_clear_error();
	tls->ssl = SSL_new(server->first);
	if (tls->ssl == NULL || SSL_set_fd(tls->ssl, fd) != 1) {
		tls_free(tls);
		return NULL;
	}
	SSL_set_accept_state(tls->ssl);
	SSL_set_app_data(tls->ssl, tls);
	SSL_set_msg_callback(tls->ssl, on_message);
	SSL_set_msg_callback_arg(tls->ssl, tls);
	return tls;
}

void tls_free(struct tls *tls)
{
	if (tls == NULL)
		return;
	SSL_free(tls->ssl);
	free(tls);
}

/* FIN without close_notify is one of the library's own errors. */
static bool is_eof(void)
{
	return ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
}

enum tls_step tls_shake(struct tls *tls)
{
	ERR_clear_error();
	int result = SSL_do_handshake(tls->ssl);
	switch (SSL_get_error(tls->ssl, result)) {
	case SSL_ERROR_NONE:
		tls->shaken = true;
		return TLS_DONE;
	case SSL_ERROR_WANT_READ:
		return TLS_WANTS_READ;
	case SSL_ERROR_WANT_WRITE:
		return TLS_WANTS_WRITE;
	case SSL_ERROR_SSL:
		return is_eof() ? TLS_GONE : TLS_REFUSED;
	default:
		return TLS_GONE;
	}
}

const char *tls_version(const struct tls *tls)
{
	switch (tls->shaken ? SSL_version(tls->ssl) : 0) {
	case TLS1_2_VERSION:
		return "1.2";
	case TLS1_3_VERSION:
		return "1.3";
	default:
		return "-";
	}
}

const char *tls_name(const struct tls *tls)
{
	return tls->hello.name;
}

const char *tls_protocol(const struct tls *tls)
{
	const unsigned char *chosen = NULL;
	unsigned len = 0;

	SSL_get0_alpn_selected(tls->ssl, &chosen, &len);
	if (len == 0 || tls->challenge)
		return "";
	return chosen[len - 1] == '0' ? "http/1.0" : "http/1.1";
}

bool tls_is_resumed(const struct tls *tls)
{
	return SSL_session_reused(tls->ssl) == 1;
}

bool tls_is_challenge(const struct tls *tls)
{
	return tls->challenge;
}
