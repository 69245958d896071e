/* What a client says before anything is encrypted: the two extensions that are read by hand, and whole handshakes.
 *
 * The first byte chooses: 0 the name's extension, 1 the protocols', else what a socket of a server gets.
 */
#include "tests/fuzz/fuzz.h"

#include "orchestrator/wire/tls.h"

#include <assert.h>
#include <openssl/ec.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void check_name(const char *name)
{
	size_t len = strnlen(name, TLS_NAME_SIZE);

	assert(len < TLS_NAME_SIZE);
	assert(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-._") == len);
	assert(len == 0 || (name[0] != '.' && name[len - 1] != '.' && strstr(name, "..") == NULL));
}

static void read_name(const uint8_t *data, size_t size)
{
	struct tls_hello hello;
	bool good = tls_hello_read_name(&hello, data, size);

	check_name(hello.name);
	assert(good || hello.name[0] == '\0');
	assert(!good || hello.name[0] != '\0'); /* an extension with no name in it is malformed */
}

static void read_protocols(const uint8_t *data, size_t size)
{
	const struct tls_hello hello = {.alpn = data, .alpn_len = size};

	if (tls_hello_offers(&hello, "h2"))
		assert(memmem(data, size, "\x02h2", 3) != NULL);
	if (tls_hello_offers_alone(&hello, "h2"))
		assert(size == 5 && tls_hello_offers(&hello, "h2"));
}

static SSL_CTX *choose(const struct tls_hello *hello, void *arg)
{
	SSL_CTX **context = arg;

	check_name(hello->name);
	assert(!tls_hello_offers_alone(hello, "acme-tls/1"));
	return strcmp(hello->name, "refused.example") != 0 ? *context : NULL;
}

static SSL_CTX *challenge(const struct tls_hello *hello, void *arg)
{
	SSL_CTX **context = arg;

	check_name(hello->name);
	assert(tls_hello_offers_alone(hello, "acme-tls/1"));
	return strcmp(hello->name, "refused.example") != 0 ? *context : NULL;
}

static void put_certificate(SSL_CTX *context)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();

	X509_set_version(certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -10);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 1000);
	X509_set_pubkey(certificate, key);
	bool ok = X509_sign(certificate, key, EVP_sha256()) > 0 && SSL_CTX_use_certificate(context, certificate) == 1 &&
	          SSL_CTX_use_PrivateKey(context, key) == 1;
	assert(ok);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

/* One for all: a key takes its time. */
static struct tls_server *the_server(void)
{
	static struct tls_server *server;
	static SSL_CTX *context;
	struct err err;

	if (server != NULL)
		return server;
	const struct tls_settings settings = {.choose = choose, .challenge = challenge, .arg = &context};
	bool ok = tls_server_new(&settings, &server, &err);
	assert(ok);
	context = tls_context_new(server);
	assert(context != NULL);
	put_certificate(context);
	return server;
}

/* Up to the server's own part of the handshake, and on to what the client makes of it. */
static void shake(const uint8_t *data, size_t size)
{
	int fds[2];

	if (size > 60000 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == -1)
		return;
	struct tls *tls = tls_new(the_server(), fds[0]);
	for (size_t at = 0; at < size; at += 500) {
		size_t some = size - at < 500 ? size - at : 500;
		if (send(fds[1], data + at, some, MSG_NOSIGNAL) != (ssize_t)some || tls_shake(tls) != TLS_WANTS_READ)
			break;
	}
	tls_free(tls);
	close(fds[0]);
	close(fds[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] == 0 && size > 1)
		read_name(data + 1, size - 1);
	else if (data[0] == 1)
		read_protocols(data + 1, size - 1);
	else
		shake(data + 1, size - 1);
	return 0;
}
