/* Signed messages: base64url by the vectors of RFC 4648, the keys of RFC 7515 A.3 and RFC 7638, and signatures that the library finds
 * good. */
#include "orchestrator/certs/jws.h"
#include "tests/unit/unit.h"

#include "common/json.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <string.h>

/* The one of RFC 7515 A.3.1, as PEM. */
static const char known_key[] = "-----BEGIN PRIVATE KEY-----\n"
                                "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjpsQnnGQmL+YBIff\n"
                                "H1136cspYG6+0iY7X1fCE9+E9LKhRANCAAR/zc4ncPbEXUGDy+5v20t7WAczNXvp\n"
                                "7xO6z248e9FURcfxRM0bvZt+hyzf7bnuufSzaV1uqQskrYpGIyiFiOWt\n"
                                "-----END PRIVATE KEY-----\n";
static const char known_jwk[] =
        "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
        "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}";

static EVP_PKEY *read_known(void)
{
	BIO *from = BIO_new_mem_buf(known_key, -1);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(from, NULL, NULL, NULL);

	BIO_free(from);
	return key;
}

START_TEST(base64url)
{
	static const char *const vectors[][2] = {
	        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
	        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xbf", "-_-_"}};

	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		char *text = jws_base64url(vectors[i][0], strlen(vectors[i][0]));
		unsigned char *bytes;
		size_t len;
		ck_assert_str_eq(text, vectors[i][1]);
		ck_assert(jws_base64url_read(text, &bytes, &len));
		ck_assert_uint_eq(len, strlen(vectors[i][0]));
		ck_assert_mem_eq(bytes, vectors[i][0], len);
		free(bytes);
		free(text);
	}
}
END_TEST

START_TEST(base64url_refuses)
{
	static const char *const wrong[] = {"a+b", "a/b", "a b", "a\nb", "ä"};
	unsigned char *bytes;
	size_t len;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		ck_assert(!jws_base64url_read(wrong[i], &bytes, &len));
	ck_assert(jws_base64url_read("Zm8=", &bytes, &len));
	ck_assert_uint_eq(len, 2);
	free(bytes);
}
END_TEST

START_TEST(known)
{
	EVP_PKEY *key = read_known();
	char *text = jws_public(key), *thumbprint = jws_thumbprint(key);

	ck_assert_str_eq(text, known_jwk);
	ck_assert_str_eq(thumbprint, "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
	free(text);
	free(thumbprint);
	EVP_PKEY_free(key);
}
END_TEST

/* The one of RFC 7638 section 3.1. */
START_TEST(known_rsa)
{
	static const char modulus[] =
	        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W"
	        "-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08q"
	        "NLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
	unsigned char *bytes, exponent[] = {1, 0, 1};
	EVP_PKEY *key = NULL;
	size_t len;

	ck_assert(jws_base64url_read(modulus, &bytes, &len));
	OSSL_PARAM_BLD *parts = OSSL_PARAM_BLD_new();
	BIGNUM *n = BN_bin2bn(bytes, (int)len, NULL), *e = BN_bin2bn(exponent, 3, NULL);
	OSSL_PARAM_BLD_push_BN(parts, OSSL_PKEY_PARAM_RSA_N, n);
	OSSL_PARAM_BLD_push_BN(parts, OSSL_PKEY_PARAM_RSA_E, e);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(parts);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	ck_assert_int_eq(EVP_PKEY_fromdata_init(context), 1);
	ck_assert_int_eq(EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	ck_assert(jws_key_is_good(key));
	char *thumbprint = jws_thumbprint(key);
	ck_assert_str_eq(thumbprint, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
	free(thumbprint);
	EVP_PKEY_CTX_free(context);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(parts);
	BN_free(n);
	BN_free(e);
	EVP_PKEY_free(key);
	free(bytes);
}
END_TEST

START_TEST(which_keys)
{
	EVP_PKEY *const good[] = {EVP_EC_gen("P-256"), EVP_EC_gen("P-384"), EVP_RSA_gen(2048)};
	EVP_PKEY *const bad[] = {EVP_EC_gen("P-521"), EVP_EC_gen("secp256k1"), EVP_RSA_gen(1024), EVP_RSA_gen(3072),
	                         EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")};

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		ck_assert(jws_key_is_good(good[i]));
		EVP_PKEY_free(good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		ck_assert_msg(!jws_key_is_good(bad[i]), "%zu", i);
		EVP_PKEY_free(bad[i]);
	}
}
END_TEST

static unsigned char *member(const struct json_value *root, const char *name, size_t *len)
{
	char *text = json_dup_text(json_get(root, name));
	unsigned char *bytes;

	ck_assert(jws_base64url_read(text, &bytes, len));
	bytes[*len] = '\0';
	free(text);
	return bytes;
}

static unsigned char *der_of(const unsigned char *both, int coordinate, size_t *len)
{
	ECDSA_SIG *parts = ECDSA_SIG_new();
	unsigned char *der = NULL;

	ECDSA_SIG_set0(parts, BN_bin2bn(both, coordinate, NULL), BN_bin2bn(both + coordinate, coordinate, NULL));
	*len = (size_t)i2d_ECDSA_SIG(parts, &der);
	ECDSA_SIG_free(parts);
	return der;
}

/* coordinate: bytes of r; 0: RSA. */
static bool is_signed_by(EVP_PKEY *key, const EVP_MD *digest, int coordinate, const char *text,
                         const unsigned char *signature, size_t len)
{
	unsigned char *der = coordinate > 0 ? der_of(signature, coordinate, &len) : NULL;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool ok = EVP_DigestVerifyInit(context, NULL, digest, NULL, key) == 1 &&
	          EVP_DigestVerify(context, der != NULL ? der : signature, len, (const unsigned char *)text,
	                           strlen(text)) == 1;

	EVP_MD_CTX_free(context);
	OPENSSL_free(der);
	return ok;
}

static char *between(const struct json_value *root)
{
	char *head = json_dup_text(json_get(root, "protected")), *payload = json_dup_text(json_get(root, "payload")),
	     *text;

	ck_assert_int_gt(asprintf(&text, "%s.%s", head, payload), 0);
	free(head);
	free(payload);
	return text;
}

static void check_signature(EVP_PKEY *key, EVP_PKEY *other, const EVP_MD *digest, int coordinate, const char *algorithm,
                            const char *kid)
{
	char *message =
	        jws_sign(key, &(struct jws_head){.kid = kid, .nonce = "n\"1", .url = "https://a/x"}, "{\"a\":1}");
	struct json_doc *doc;
	size_t len, head_len;

	ck_assert(json_parse(message, strlen(message), NULL, &doc, NULL));
	unsigned char *signature = member(json_root(doc), "signature", &len),
	              *head = member(json_root(doc), "protected", &head_len);
	ck_assert_uint_eq(len, coordinate > 0 ? 2 * (size_t)coordinate : 256);
	ck_assert_ptr_nonnull(strstr((char *)head, algorithm));
	char *text = between(json_root(doc));
	ck_assert(is_signed_by(key, digest, coordinate, text, signature, len));
	ck_assert(!is_signed_by(other, digest, coordinate, text, signature, len));
	free(text);
	free(head);
	free(signature);
	json_free(doc);
	free(message);
}

/* Many of ECDSA, since r or s has a leading zero byte in one of 128. */
START_TEST(signatures)
{
	const struct {
		EVP_PKEY *key, *other;
		const EVP_MD *digest;
		int coordinate;
		const char *algorithm;
		int times;
	} rows[] = {
	        {jws_key_new(), jws_key_new(), EVP_sha256(), 32, "{\"alg\":\"ES256\",", 300},
	        {EVP_EC_gen("P-384"), EVP_EC_gen("P-384"), EVP_sha384(), 48, "{\"alg\":\"ES384\",", 300},
	        {EVP_RSA_gen(2048), EVP_RSA_gen(2048), EVP_sha256(), 0, "{\"alg\":\"RS256\",", 4},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		for (int n = 0; n < rows[i].times; n++)
			check_signature(rows[i].key, rows[i].other, rows[i].digest, rows[i].coordinate,
			                rows[i].algorithm, n % 2 == 0 ? "https://a/1" : NULL);
		EVP_PKEY_free(rows[i].key);
		EVP_PKEY_free(rows[i].other);
	}
}
END_TEST

START_TEST(heads)
{
	EVP_PKEY *key = read_known();
	char *by_kid = jws_sign(key, &(struct jws_head){.kid = "https://a/1", .nonce = "n", .url = "https://a/x"}, "");
	char *by_key = jws_sign(key, &(struct jws_head){.nonce = "n", .url = "https://a/x"}, "{}");
	struct json_doc *doc;
	size_t len;

	ck_assert(json_parse(by_kid, strlen(by_kid), NULL, &doc, NULL));
	unsigned char *head = member(json_root(doc), "protected", &len),
	              *payload = member(json_root(doc), "payload", &len);
	ck_assert_str_eq((char *)head,
	                 "{\"alg\":\"ES256\",\"kid\":\"https://a/1\",\"nonce\":\"n\",\"url\":\"https://a/x\"}");
	ck_assert_str_eq((char *)payload, "");
	free(head);
	free(payload);
	json_free(doc);
	ck_assert(json_parse(by_key, strlen(by_key), NULL, &doc, NULL));
	head = member(json_root(doc), "protected", &len);
	ck_assert_ptr_nonnull(strstr((char *)head, known_jwk));
	ck_assert_ptr_null(strstr((char *)head, "kid"));
	free(head);
	json_free(doc);
	free(by_kid);
	free(by_key);
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(binding)
{
	EVP_PKEY *key = read_known();
	char *message = jws_bind(key, "kid-1", "c2VjcmV0", "https://a/new"), *text;
	unsigned char mac[32];
	struct json_doc *doc;
	size_t len;

	ck_assert(json_parse(message, strlen(message), NULL, &doc, NULL));
	unsigned char *head = member(json_root(doc), "protected", &len),
	              *payload = member(json_root(doc), "payload", &len);
	ck_assert_str_eq((char *)head, "{\"alg\":\"HS256\",\"kid\":\"kid-1\",\"url\":\"https://a/new\"}");
	ck_assert_str_eq((char *)payload, known_jwk);
	unsigned char *signature = member(json_root(doc), "signature", &len);
	text = between(json_root(doc));
	HMAC(EVP_sha256(), "secret", 6, (unsigned char *)text, strlen(text), mac, NULL);
	ck_assert_uint_eq(len, 32);
	ck_assert_mem_eq(signature, mac, 32);
	ck_assert_ptr_null(jws_bind(key, "kid-1", "no base64", "https://a/new"));
	free(text);
	free(signature);
	free(head);
	free(payload);
	json_free(doc);
	free(message);
	EVP_PKEY_free(key);
}
END_TEST

UNIT_MAIN("jws", base64url, base64url_refuses, known, known_rsa, which_keys, signatures, heads, binding)
