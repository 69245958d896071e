/* self_signed: X.509 of version 3 with a serial number by chance, since clients remember those that they saw twice. */
#include "orchestrator/certs/self_signed.h"

#include "common/mem.h"

#include <assert.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdint.h>

#define DAY_S 86400L
#define X509_VERSION_OF_3 2

static void set_names(X509 *certificate, const char *common_name)
{
	X509_NAME *name = X509_get_subject_name(certificate);

	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)common_name, -1, -1, 0);
	X509_set_issuer_name(certificate, name);
}

static void set_serial(X509 *certificate)
{
	uint64_t serial = 1;

	(void)!RAND_bytes((unsigned char *)&serial, sizeof(serial));
	ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1 | 1);
}

X509 *self_signed_make(EVP_PKEY *key, const struct self_signed_what *what)
{
	X509 *certificate = mem_must(X509_new());

	X509_set_version(certificate, X509_VERSION_OF_3);
	set_serial(certificate);
	set_names(certificate, what->common_name);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY_S);
	X509_gmtime_adj(X509_getm_notAfter(certificate), what->life_s);
	X509_set_pubkey(certificate, key);
	for (int i = 0; what->extensions != NULL && i < sk_X509_EXTENSION_num(what->extensions); i++)
		X509_add_ext(certificate, sk_X509_EXTENSION_value(what->extensions, i), -1);
	bool ok = X509_sign(certificate, key, EVP_sha256()) > 0;
	assert(ok);
	return certificate;
}
