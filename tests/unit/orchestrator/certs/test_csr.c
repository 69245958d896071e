/* A request has the key, an empty subject, and the host where it is looked for. */
#include "orchestrator/certs/csr.h"
#include "orchestrator/certs/jws.h"
#include "tests/unit/unit.h"

#include <openssl/x509v3.h>

static void check(const char *host, const char *said)
{
	EVP_PKEY *key = jws_key_new();
	char *text = csr_make(key, host);
	unsigned char *bytes;
	size_t len;

	ck_assert(jws_base64url_read(text, &bytes, &len));
	const unsigned char *at = bytes;
	X509_REQ *request = d2i_X509_REQ(NULL, &at, (long)len);
	ck_assert_ptr_nonnull(request);
	ck_assert_int_eq(X509_REQ_verify(request, key), 1);
	ck_assert_int_eq(X509_NAME_entry_count(X509_REQ_get_subject_name(request)), 0);
	STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(request);
	ck_assert_int_eq(sk_X509_EXTENSION_num(extensions), 1);
	GENERAL_NAMES *names = X509V3_EXT_d2i(sk_X509_EXTENSION_value(extensions, 0));
	ck_assert_int_eq(sk_GENERAL_NAME_num(names), 1);
	BIO *to = BIO_new(BIO_s_mem());
	GENERAL_NAME_print(to, sk_GENERAL_NAME_value(names, 0));
	char room[300] = "";
	BIO_read(to, room, sizeof(room) - 1);
	ck_assert_str_eq(room, said);
	BIO_free(to);
	GENERAL_NAMES_free(names);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	X509_REQ_free(request);
	free(bytes);
	free(text);
	EVP_PKEY_free(key);
}

START_TEST(names)
{
	check("example.org", "DNS:example.org");
	check("xn--bcher-kva.de", "DNS:xn--bcher-kva.de");
	check("192.0.2.1", "IP Address:192.0.2.1");
	check("2001:db8::1", "IP Address:2001:DB8:0:0:0:0:0:1");
}
END_TEST

UNIT_MAIN("csr", names)
