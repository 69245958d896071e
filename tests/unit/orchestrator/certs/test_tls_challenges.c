/* tls_challenges: the certificate that a CA wants to see (RFC 8737 section 3), for its host alone. */
#include "orchestrator/certs/tls_challenges.h"
#include "orchestrator/wire/tls.h"
#include "tests/unit/unit.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>

static struct tls_server *server;
static struct tls_challenges *challenges;

static void make(void)
{
	struct err err;

	ck_assert(tls_server_new(&(struct tls_settings){0}, &server, &err));
	challenges = tls_challenges_new(server);
}

static void clear(void)
{
	tls_challenges_free(challenges);
	tls_server_free(server);
}

/* SHA-256 of "abc", FIPS 180-4's example, as an OCTET STRING. */
static const unsigned char expected[] = {0x04, 0x20, 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41,
                                         0x40, 0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
                                         0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};

START_TEST(what_it_says)
{
	tls_challenges_put(challenges, "a.example", "abc");
	X509 *shown = SSL_CTX_get0_certificate(tls_challenges_find(challenges, "a.example"));
	ASN1_OBJECT *identifier = OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1);
	int at = X509_get_ext_by_OBJ(shown, identifier, -1);

	ck_assert_int_ge(at, 0);
	X509_EXTENSION *extension = X509_get_ext(shown, at);
	const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(extension);
	ck_assert_int_eq(X509_EXTENSION_get_critical(extension), 1);
	ck_assert_int_eq(ASN1_STRING_length(value), sizeof(expected));
	ck_assert_mem_eq(ASN1_STRING_get0_data(value), expected, sizeof(expected));
	GENERAL_NAMES *names = X509_get_ext_d2i(shown, NID_subject_alt_name, NULL, NULL);
	ck_assert_int_eq(sk_GENERAL_NAME_num(names), 1);
	ck_assert_int_eq(X509_check_host(shown, "a.example", 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL), 1);
	ck_assert_int_eq(X509_verify(shown, X509_get0_pubkey(shown)), 1);
	GENERAL_NAMES_free(names);
	ASN1_OBJECT_free(identifier);
}
END_TEST

START_TEST(for_its_host_alone)
{
	tls_challenges_put(challenges, "a.example", "one");
	tls_challenges_put(challenges, "b.example", "two");
	SSL_CTX *first = tls_challenges_find(challenges, "a.example");
	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_ne(first, tls_challenges_find(challenges, "b.example"));
	ck_assert_ptr_null(tls_challenges_find(challenges, ""));
	ck_assert_ptr_null(tls_challenges_find(challenges, "x.a.example"));
	tls_challenges_put(challenges, "b.example", "three");
	tls_challenges_take(challenges, "a.example");
	tls_challenges_take(challenges, "a.example");
	ck_assert_ptr_null(tls_challenges_find(challenges, "a.example"));
	ck_assert_ptr_nonnull(tls_challenges_find(challenges, "b.example"));
}
END_TEST

UNIT_MAIN_WITH("tls_challenges", make, clear, what_it_says, for_its_host_alone)
