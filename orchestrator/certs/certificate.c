/* certificate: what must be right before anybody is shown it. */
#include "orchestrator/certs/certificate.h"

#include "common/mem.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#define ISSUER_SIZE 256
#define RSA_BITS_MIN 2048
#define SOON_S (7 * 86400)

/* --- names ----------------------------------------------------------------------------------------------------- */

static void add_dns_name(struct strings *names, const ASN1_IA5STRING *said)
{
	const char *data = (const char *)ASN1_STRING_get0_data(said);
	size_t len = (size_t)ASN1_STRING_length(said);
	char *name;

	if (len == 0 || memchr(data, '\0', len) != NULL)
		return;
	name = mem_dup_n(data, len);
	for (char *p = name; *p != '\0'; p++)
		*p = *p >= 'A' && *p <= 'Z' ? (char)(*p + ('a' - 'A')) : *p;
	strings_add(names, name);
	free(name);
}

static void add_ip_address(struct strings *names, const ASN1_OCTET_STRING *said)
{
	char text[INET6_ADDRSTRLEN];
	int len = ASN1_STRING_length(said);

	if ((len == 4 || len == 16) &&
	    inet_ntop(len == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(said), text, sizeof(text)) != NULL)
		strings_add(names, text);
}

static void read_names(X509 *leaf, struct strings *names)
{
	GENERAL_NAMES *all = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);

	for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
		const GENERAL_NAME *one = sk_GENERAL_NAME_value(all, i);
		if (one->type == GEN_DNS)
			add_dns_name(names, one->d.dNSName);
		else if (one->type == GEN_IPADD)
			add_ip_address(names, one->d.iPAddress);
	}
	GENERAL_NAMES_free(all);
}

/* --- times and issuers ----------------------------------------------------------------------------------------- */

static int64_t unix_time(const ASN1_TIME *time)
{
	struct tm tm;

	return ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static char *issuer_of(X509 *leaf)
{
	char text[ISSUER_SIZE] = "";
	X509_NAME *name = X509_get_issuer_name(leaf);

	if (X509_NAME_get_text_by_NID(name, NID_organizationName, text, sizeof(text)) <= 0)
		X509_NAME_get_text_by_NID(name, NID_commonName, text, sizeof(text));
	for (char *p = text; *p != '\0'; p++)
		*p = *p < ' ' || *p > '~' ? '?' : *p;
	return mem_dup(text);
}

/* --- checks ---------------------------------------------------------------------------------------------------- */

/* Of who reads it in a message. */
static const char *path_of(const char *path)
{
	return path != NULL ? path : "certificate";
}

static bool check_order(const struct certificate *certificate, struct err *err)
{
	for (int i = 0; i + 1 < sk_X509_num(certificate->chain); i++) {
		X509 *subject = sk_X509_value(certificate->chain, i),
		     *issuer = sk_X509_value(certificate->chain, i + 1);
		if (X509_check_issued(issuer, subject) != X509_V_OK)
			return err_set(
			        err,
			        "%s: certificate %d of the file did not issue certificate %d: the server's own must "
			        "stand first, and behind each the one that issued it",
			        path_of(certificate->cert_path), i + 2, i + 1);
	}
	return true;
}

/* What the library refuses to show by itself it refuses without words that help. */
static bool check_strength(X509 *leaf, const struct certificate *certificate, struct err *err)
{
	int bits = EVP_PKEY_get_bits(certificate->key), digest = NID_undef;
	bool rsa = EVP_PKEY_get_base_id(certificate->key) == EVP_PKEY_RSA;

	if (rsa && bits < RSA_BITS_MIN)
		return err_set(err, "%s: an RSA key of %d bits is too short, %d are needed",
		               path_of(certificate->key_path), bits, RSA_BITS_MIN);
	X509_get_signature_info(leaf, &digest, NULL, NULL, NULL);
	if (digest == NID_md5 || digest == NID_sha1)
		return err_set(err, "%s: is signed with %s, which clients do not take", path_of(certificate->cert_path),
		               OBJ_nid2sn(digest));
	return true;
}

static bool check(const struct certificate *certificate, struct err *err)
{
	X509 *leaf = sk_X509_value(certificate->chain, 0);

	ERR_clear_error();
	if (X509_check_private_key(leaf, certificate->key) != 1)
		return err_set(err, "%s: is not the key of the first certificate in %s", path_of(certificate->key_path),
		               path_of(certificate->cert_path));
	if (certificate->names.count == 0)
		return err_set(err, "%s: says no name that it is for (subjectAltName)",
		               path_of(certificate->cert_path));
	return check_order(certificate, err) && check_strength(leaf, certificate, err);
}

static void describe(struct certificate *certificate)
{
	X509 *leaf = sk_X509_value(certificate->chain, 0);

	read_names(leaf, &certificate->names);
	certificate->issuer = issuer_of(leaf);
	certificate->from_s = unix_time(X509_get0_notBefore(leaf));
	certificate->until_s = unix_time(X509_get0_notAfter(leaf));
	certificate->is_rsa = EVP_PKEY_get_base_id(certificate->key) == EVP_PKEY_RSA;
	certificate->is_alone = sk_X509_num(certificate->chain) == 1 && X509_check_issued(leaf, leaf) != X509_V_OK;
}

/* --- life ------------------------------------------------------------------------------------------------------ */

static struct certificate *certificate_new(const char *cert_path, const char *key_path)
{
	struct certificate *made = mem_zero(sizeof(*made));

	made->shares = 1;
	made->cert_path = cert_path != NULL ? mem_dup(cert_path) : NULL;
	made->key_path = key_path != NULL ? mem_dup(key_path) : NULL;
	return made;
}

/* read: chain and key are there; else err says why not. */
static bool finish(struct certificate *made, bool read, struct certificate **certificate, struct err *err)
{
	if (read)
		describe(made);
	if (!read || !check(made, err)) {
		certificate_free(made);
		return false;
	}
	*certificate = made;
	return true;
}

struct certificate *certificate_make(STACK_OF(X509) * chain, EVP_PKEY *key)
{
	struct certificate *made = certificate_new(NULL, NULL);

	made->chain = chain;
	made->key = key;
	describe(made);
	return made;
}

bool certificate_read(const char *cert_path, const char *key_path, struct certificate **certificate, struct err *err)
{
	struct certificate *made = certificate_new(cert_path, key_path);
	bool read = pem_read_chain(cert_path, &made->chain, &made->cert_mark, err) &&
	            pem_read_key(key_path, &made->key, &made->key_mark, &made->key_is_readable, err);

	return finish(made, read, certificate, err);
}

bool certificate_take(const char *path, const char *chain, EVP_PKEY *key, struct certificate **certificate,
                      struct err *err)
{
	struct certificate *made = certificate_new(path, path);

	EVP_PKEY_up_ref(key);
	made->key = key;
	return finish(made, pem_parse_chain(path, chain, &made->chain, err), certificate, err);
}

struct certificate *certificate_share(struct certificate *certificate)
{
	certificate->shares++;
	return certificate;
}

void certificate_free(struct certificate *certificate)
{
	if (certificate == NULL || --certificate->shares > 0)
		return;
	sk_X509_pop_free(certificate->chain, X509_free);
	EVP_PKEY_free(certificate->key);
	strings_clear(&certificate->names);
	free(certificate->cert_path);
	free(certificate->key_path);
	free(certificate->issuer);
	free(certificate);
}

bool certificate_is_valid(const struct certificate *certificate, int64_t now_s)
{
	return certificate->from_s <= now_s && now_s < certificate->until_s;
}

int64_t certificate_soon_s(const struct certificate *certificate)
{
	int64_t quarter = (certificate->until_s - certificate->from_s) / 4;

	return certificate->until_s - (quarter < SOON_S ? quarter : SOON_S);
}

bool certificate_is_for(const struct certificate *certificate, const char *host)
{
	const char *dot = strchr(host, '.');

	for (size_t i = 0; i < certificate->names.count; i++) {
		const char *name = certificate->names.items[i];
		if (strcmp(name, host) == 0)
			return true;
		if (name[0] == '*' && dot != NULL && dot != host && strcmp(name + 1, dot) == 0)
			return true;
	}
	return false;
}

bool certificate_put(const struct certificate *certificate, SSL_CTX *context, struct err *err)
{
	STACK_OF(X509) *rest = sk_X509_dup(certificate->chain);
	X509 *leaf = sk_X509_shift(rest);

	ERR_clear_error();
	bool ok = SSL_CTX_use_cert_and_key(context, leaf, certificate->key, rest, 1) == 1;
	sk_X509_free(rest);
	if (ok)
		return true;
	return err_set(err, "%s: cannot be used (%s)", path_of(certificate->cert_path),
	               ERR_reason_error_string(ERR_peek_last_error()));
}
