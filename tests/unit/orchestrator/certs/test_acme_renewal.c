/* Renewal information: what is a window and what is none, the CA's name for a certificate, and when things happen. */
#include "orchestrator/certs/acme_renewal.h"
#include "tests/unit/unit.h"

#include <openssl/ec.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW(start, end) "{\"suggestedWindow\":{\"start\":\"" start "\",\"end\":\"" end "\"}}"
#define DAY_S 86400

static struct certificate *certificate;
static struct err err;

START_TEST(windows)
{
	static const struct {
		const char *text;
		int64_t from_s, until_s;
	} rows[] = {
	        {WINDOW("2025-01-02T04:00:00Z", "2025-01-03T04:00:00Z"), 1735790400, 1735876800},
	        {WINDOW("2025-01-02T04:00:00.123456789Z", "2025-01-02T04:00:01z"), 1735790400, 1735790401},
	        {WINDOW("2025-01-02T05:30:00+01:30", "2025-01-02T03:00:00-02:00"), 1735790400, 1735794000},
	        {"{\"suggestedWindow\":{\"start\":\"2025-01-02T04:00:00Z\",\"end\":\"2025-01-03T04:00:00Z\"},"
	         "\"explanationURL\":\"https://ca.example/why\"}",
	         1735790400, 1735876800},
	};
	struct acme_window window;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		ck_assert_msg(acme_renewal_read(rows[i].text, strlen(rows[i].text), &window, &err), "%s", err.message);
		ck_assert_int_eq(window.from_s, rows[i].from_s);
		ck_assert_int_eq(window.until_s, rows[i].until_s);
	}
}
END_TEST

START_TEST(no_windows)
{
	static const char *const rows[] = {
	        "",
	        "[]",
	        "{}",
	        "{\"suggestedWindow\":7}",
	        "{\"suggestedWindow\":{\"start\":\"2025-01-02T04:00:00Z\"}}",
	        "{\"suggestedWindow\":{\"start\":1735790400,\"end\":1735790401}}",
	        WINDOW("2025-01-02T04:00:00Z", "2025-01-02T04:00:00Z"), /* RFC 9773 section 4.2 */
	        WINDOW("2025-01-02T04:00:00Z", "2025-01-01T04:00:00Z"),
	        WINDOW("2025-01-02T04:00:00", "2025-01-03T04:00:00"),
	        WINDOW("2025-01-02", "2025-01-03"),
	        WINDOW("2025-1-2T04:00:00Z", "2025-01-03T04:00:00Z"),
	        WINDOW("2025-13-02T04:00:00Z", "2025-01-03T04:00:00Z"),
	        WINDOW("2025-01-02T24:00:00Z", "2025-01-03T04:00:00Z"),
	        WINDOW("2025-01-02T04:00:00Zx", "2025-01-03T04:00:00Z"),
	        WINDOW("2025-01-02T04:00:00+1:00", "2025-01-03T04:00:00Z"),
	        WINDOW("1969-01-02T04:00:00Z", "2025-01-03T04:00:00Z"),
	        WINDOW("2025-01-02T04:00:00\\u0000Z", "2025-01-03T04:00:00Z"),
	};
	struct acme_window window;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		ck_assert_msg(!acme_renewal_read(rows[i], strlen(rows[i]), &window, &err), "%s", rows[i]);
		ck_assert_int_eq(window.until_s, 0);
	}
}
END_TEST

static void make_with(const char *serial, const char *key_id)
{
	struct stack_st_X509 *chain = sk_X509_new_null();
	X509 *leaf = X509_new();
	ASN1_INTEGER *number = s2i_ASN1_INTEGER(NULL, serial);
	ASN1_OCTET_STRING *id = s2i_ASN1_OCTET_STRING(NULL, NULL, key_id);
	AUTHORITY_KEYID *issuer = AUTHORITY_KEYID_new();
	EVP_PKEY *key = EVP_EC_gen("P-256");

	X509_set_version(leaf, 2);
	X509_set_serialNumber(leaf, number);
	X509_set_pubkey(leaf, key);
	X509_gmtime_adj(X509_getm_notBefore(leaf), 0);
	X509_gmtime_adj(X509_getm_notAfter(leaf), 90L * DAY_S);
	issuer->keyid = id;
	X509_add1_ext_i2d(leaf, NID_authority_key_identifier, issuer, 0, 0);
	X509_sign(leaf, key, EVP_sha256());
	AUTHORITY_KEYID_free(issuer);
	ASN1_INTEGER_free(number);
	sk_X509_push(chain, leaf);
	certificate = certificate_make(chain, key);
}

/* The RFC's own example (section 4.1): the zero before the number stays. */
START_TEST(the_name)
{
	make_with("0x008765432100", "69:88:5B:6B:87:46:40:41:E1:B3:7B:84:7B:A0:AE:2C:DE:01:C8:D4");
	char *name = acme_renewal_name(certificate);
	ck_assert_str_eq(name, "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyEA");
	free(name);
	certificate_free(certificate);
}
END_TEST

START_TEST(moments)
{
	struct acme_window window;
	int64_t first, least = INT64_MAX, most = 0;
	char serial[32];

	for (int i = 0; i < 200; i++) {
		snprintf(serial, sizeof(serial), "%d", i + 1000);
		make_with(serial, "01:02");
		window = (struct acme_window){certificate->from_s + 50L * DAY_S, certificate->from_s + 52L * DAY_S};
		first = acme_renewal_moment(&window, certificate);
		ck_assert_int_eq(acme_renewal_moment(&window, certificate), first);
		ck_assert_int_ge(first, window.from_s);
		ck_assert_int_lt(first, window.until_s);
		first -= window.from_s;
		least = first < least ? first : least;
		most = first > most ? first : most;
		if (i < 199)
			certificate_free(certificate);
	}
	ck_assert_int_lt(least, DAY_S / 8);
	ck_assert_int_gt(most, 2L * DAY_S - DAY_S / 8);
	/* as late as that it would be taken for forgotten */
	window = (struct acme_window){certificate->until_s - DAY_S, certificate->until_s};
	ck_assert_int_lt(acme_renewal_moment(&window, certificate), certificate_soon_s(certificate));
	/* what is over is over */
	window = (struct acme_window){certificate->from_s - 2L * DAY_S, certificate->from_s - DAY_S};
	ck_assert_int_lt(acme_renewal_moment(&window, certificate), certificate->from_s);
	certificate_free(certificate);
}
END_TEST

/* A minute at least, a day at most, six hours where nothing is said (sections 4.3.1 to 4.3.3). */
START_TEST(when_to_ask)
{
	ck_assert_int_eq(acme_renewal_again_s(-1), 21600);
	ck_assert_int_eq(acme_renewal_again_s(0), 60);
	ck_assert_int_eq(acme_renewal_again_s(59), 60);
	ck_assert_int_eq(acme_renewal_again_s(7200), 7200);
	ck_assert_int_eq(acme_renewal_again_s(86401), 86400);
}
END_TEST

START_TEST(ends_soon)
{
	struct certificate long_one = {.from_s = 0, .until_s = 90L * DAY_S},
	                   short_one = {.from_s = 0, .until_s = 160L * 3600};

	ck_assert_int_eq(certificate_soon_s(&long_one), 83L * DAY_S);
	ck_assert_int_eq(certificate_soon_s(&short_one), 120L * 3600);
}
END_TEST

UNIT_MAIN("acme_renewal", windows, no_windows, the_name, moments, when_to_ask, ends_soon)
