/* tls_challenges: a handful at a time, each in a context of the server's with a new key. */
#include "orchestrator/certs/tls_challenges.h"

#include "common/mem.h"
#include "orchestrator/certs/csr.h"
#include "orchestrator/certs/self_signed.h"
#include "orchestrator/wire/tls.h"

#include <assert.h>
#include <openssl/ec.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define ACME_IDENTIFIER "1.3.6.1.5.5.7.1.31" /* RFC 8737 section 6.1 */
#define DIGEST_BYTES 32
#define LIFE_S (7 * 86400L)

struct tls_challenge {
	LIST_ENTRY(tls_challenge) link;
	char *host;
	SSL_CTX *context;
};

struct tls_challenges {
	struct tls_server *server;
	LIST_HEAD(, tls_challenge) all;
};

/* --- the certificate ------------------------------------------------------------------------------------------- */

/* Critical, so that whatever does not know it does not take the certificate for one of the usual kind. */
static X509_EXTENSION *answer_extension(const char *answer)
{
	unsigned char der[2 + DIGEST_BYTES] = {V_ASN1_OCTET_STRING, DIGEST_BYTES};
	ASN1_OBJECT *kind = mem_must(OBJ_txt2obj(ACME_IDENTIFIER, 1));
	ASN1_OCTET_STRING *value = mem_must(ASN1_OCTET_STRING_new());
	bool ok = EVP_Digest(answer, strlen(answer), der + 2, NULL, EVP_sha256(), NULL) == 1 &&
	          ASN1_OCTET_STRING_set(value, der, sizeof(der)) == 1;

	assert(ok);
	(void)ok;
	X509_EXTENSION *extension = mem_must(X509_EXTENSION_create_by_OBJ(NULL, kind, 1, value));
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(kind);
	return extension;
}

static X509 *make(EVP_PKEY *key, const char *host, const char *answer)
{
	struct stack_st_X509_EXTENSION *extensions = mem_must(sk_X509_EXTENSION_new_null());

	sk_X509_EXTENSION_push(extensions, csr_name_extension(host));
	sk_X509_EXTENSION_push(extensions, answer_extension(answer));
	X509 *certificate = self_signed_make(key, &(struct self_signed_what){.common_name = "ACME challenge",
	                                                                     .life_s = LIFE_S,
	                                                                     .extensions = extensions});
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	return certificate;
}

static SSL_CTX *context_with(struct tls_server *server, const char *host, const char *answer)
{
	SSL_CTX *context = mem_must(tls_context_new(server));
	EVP_PKEY *key = mem_must(EVP_EC_gen("P-256"));
	X509 *certificate = make(key, host, answer);

	mem_must(SSL_CTX_use_cert_and_key(context, certificate, key, NULL, 1) == 1 ? context : NULL);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return context;
}

/* --- all of them ----------------------------------------------------------------------------------------------- */

static struct tls_challenge *find(const struct tls_challenges *challenges, const char *host)
{
	struct tls_challenge *one;

	LIST_FOREACH (one, &challenges->all, link)
		if (strcmp(one->host, host) == 0)
			return one;
	return NULL;
}

static void drop(struct tls_challenge *challenge)
{
	LIST_REMOVE(challenge, link);
	SSL_CTX_free(challenge->context);
	free(challenge->host);
	free(challenge);
}

struct tls_challenges *tls_challenges_new(struct tls_server *server)
{
	struct tls_challenges *challenges = mem_zero(sizeof(*challenges));

	challenges->server = server;
	LIST_INIT(&challenges->all);
	return challenges;
}

void tls_challenges_free(struct tls_challenges *challenges)
{
	if (challenges == NULL)
		return;
	for (struct tls_challenge *one = LIST_FIRST(&challenges->all), *next; one != NULL; one = next) {
		next = LIST_NEXT(one, link);
		drop(one);
	}
	free(challenges);
}

void tls_challenges_put(struct tls_challenges *challenges, const char *host, const char *answer)
{
	tls_challenges_take(challenges, host);
	struct tls_challenge *one = mem_zero(sizeof(*one));
	one->host = mem_dup(host);
	one->context = context_with(challenges->server, host, answer);
	LIST_INSERT_HEAD(&challenges->all, one, link);
}

void tls_challenges_take(struct tls_challenges *challenges, const char *host)
{
	struct tls_challenge *one = find(challenges, host);

	if (one != NULL)
		drop(one);
}

SSL_CTX *tls_challenges_find(const struct tls_challenges *challenges, const char *host)
{
	const struct tls_challenge *one = find(challenges, host);

	return one != NULL ? one->context : NULL;
}
