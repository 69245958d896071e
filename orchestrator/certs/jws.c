/* jws: protected head and payload, each in base64url, a dot between them, and the signature of that. */
#include "orchestrator/certs/jws.h"

#include "common/json.h"
#include "common/mem.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#define COORDINATE_MAX 48 /* bytes */
#define RSA_BITS 2048     /* CAs take no less; a signature with 3072 or 4096 would keep the loop waiting for some ms */
#define HEAD_MAX 16384

/* --- base64url ------------------------------------------------------------------------------------------------- */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

char *jws_base64url(const void *data, size_t len)
{
	const unsigned char *from = data;
	char *text = mem_alloc(len / 3 * 4 + 5), *to = text;
	unsigned bits = 0, held = 0;

	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | from[i];
		for (held += 8; held >= 6; held -= 6)
			*to++ = digits[bits >> (held - 6) & 63];
	}
	if (held > 0)
		*to++ = digits[bits << (6 - held) & 63];
	*to = '\0';
	return text;
}

bool jws_base64url_read(const char *text, unsigned char **data, size_t *len)
{
	size_t count = strcspn(text, "=");
	unsigned bits = 0, held = 0;

	*len = 0;
	*data = mem_alloc(count + 1);
	for (size_t i = 0; i < count; i++) {
		const char *digit = strchr(digits, text[i]);
		if (digit == NULL) {
			OPENSSL_cleanse(*data, *len);
			free(*data);
			return false;
		}
		bits = bits << 6 | (unsigned)(digit - digits);
		held += 6;
		if (held >= 8) {
			held -= 8;
			(*data)[(*len)++] = (unsigned char)(bits >> held);
		}
	}
	return true;
}

/* --- keys ------------------------------------------------------------------------------------------------------ */

EVP_PKEY *jws_key_new(void)
{
	return mem_must(EVP_EC_gen("P-256"));
}

/* RFC 7518 section 3.1. */
struct kind {
	const char *algorithm;
	const EVP_MD *(*digest)(void);
	const char *group, *curve; /* the library's name and JWK's; NULL: RSA */
	int coordinate;            /* bytes; r and s have as many */
};

static const struct kind kinds[] = {
        {"ES256", EVP_sha256, "prime256v1", "P-256", 32},
        {"ES384", EVP_sha384, "secp384r1", "P-384", 48},
        {"RS256", EVP_sha256, NULL, NULL, 0},
};

static bool is_of_kind(const EVP_PKEY *key, const struct kind *kind)
{
	char group[32] = "";
	int bits = EVP_PKEY_get_bits(key);

	if (kind->group == NULL)
		return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && bits == RSA_BITS;
	return EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 && strcmp(group, kind->group) == 0;
}

/* NULL: of none. */
static const struct kind *kind_of(const EVP_PKEY *key)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (is_of_kind(key, &kinds[i]))
			return &kinds[i];
	return NULL;
}

bool jws_key_is_good(EVP_PKEY *key)
{
	return kind_of(key) != NULL;
}

/* size: bytes; 0: as many as it needs (RFC 7518 section 6). */
static char *number_text(EVP_PKEY *key, const char *name, int size)
{
	unsigned char bytes[RSA_BITS / 8];
	BIGNUM *number = NULL;
	int ok = EVP_PKEY_get_bn_param(key, name, &number);
	int len = ok == 1 && size == 0 ? BN_num_bytes(number) : size;

	assert(ok == 1 && len <= (int)sizeof(bytes));
	(void)ok;
	len = BN_bn2binpad(number, bytes, len);
	assert(len > 0);
	BN_free(number);
	return jws_base64url(bytes, (size_t)len);
}

char *jws_public(EVP_PKEY *key)
{
	const struct kind *kind = kind_of(key);
	bool ec = kind->group != NULL;
	char *first = number_text(key, ec ? OSSL_PKEY_PARAM_EC_PUB_X : OSSL_PKEY_PARAM_RSA_E, kind->coordinate);
	char *second = number_text(key, ec ? OSSL_PKEY_PARAM_EC_PUB_Y : OSSL_PKEY_PARAM_RSA_N, kind->coordinate);
	char *text =
	        ec ? mem_format("{\"crv\":\"%s\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", kind->curve, first, second)
	           : mem_format("{\"e\":\"%s\",\"kty\":\"RSA\",\"n\":\"%s\"}", first, second);

	free(first);
	free(second);
	return text;
}

char *jws_thumbprint(EVP_PKEY *key)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	char *text = jws_public(key);
	int ok = EVP_Digest(text, strlen(text), hash, &len, EVP_sha256(), NULL);

	assert(ok == 1);
	(void)ok;
	free(text);
	return jws_base64url(hash, len);
}

/* --- messages -------------------------------------------------------------------------------------------------- */

/* The library's signature is DER; a JWS has r and s, one behind the other (RFC 7518 section 3.4). */
static char *bare_signature(const unsigned char *der, size_t len, int coordinate)
{
	unsigned char bytes[2 * COORDINATE_MAX];
	ECDSA_SIG *both = mem_must(d2i_ECDSA_SIG(NULL, &der, (long)len));
	int r = BN_bn2binpad(ECDSA_SIG_get0_r(both), bytes, coordinate);
	int s = BN_bn2binpad(ECDSA_SIG_get0_s(both), bytes + coordinate, coordinate);

	assert(r == coordinate && s == coordinate);
	(void)r;
	(void)s;
	ECDSA_SIG_free(both);
	return jws_base64url(bytes, 2 * (size_t)coordinate);
}

static char *signature_of(EVP_PKEY *key, const struct kind *kind, const char *text)
{
	unsigned char bytes[RSA_BITS / 8];
	size_t len = sizeof(bytes);
	EVP_MD_CTX *context = mem_must(EVP_MD_CTX_new());
	int ok = EVP_DigestSignInit(context, NULL, kind->digest(), NULL, key) == 1 &&
	         EVP_DigestSign(context, bytes, &len, (const unsigned char *)text, strlen(text)) == 1;

	assert(ok);
	(void)ok;
	EVP_MD_CTX_free(context);
	return kind->group != NULL ? bare_signature(bytes, len, kind->coordinate) : jws_base64url(bytes, len);
}

static char *hs256(const unsigned char *secret, size_t secret_len, const char *text)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	mem_must(HMAC(EVP_sha256(), secret, (int)secret_len, (const unsigned char *)text, strlen(text), mac, &len));
	return jws_base64url(mac, len);
}

/* "HEAD.PAYLOAD" */
static char *signed_text(const char *head, const char *payload)
{
	char *first = jws_base64url(head, strlen(head)), *second = jws_base64url(payload, strlen(payload));
	char *text = mem_format("%s.%s", first, second);

	free(first);
	free(second);
	return text;
}

static char *flatten(const char *text, char *signature)
{
	const char *dot = strchr(text, '.');
	char *message = mem_format("{\"protected\":\"%.*s\",\"payload\":\"%s\",\"signature\":\"%s\"}",
	                           (int)(dot - text), text, dot + 1, signature);

	free(signature);
	return message;
}

static char *head_text(EVP_PKEY *key, const struct jws_head *head, const char *algorithm)
{
	char *text, *public = NULL;
	struct json_writer w;
	struct buf buf;

	buf_init(&buf, HEAD_MAX);
	json_writer_init(&w, &buf);
	json_begin_object(&w);
	json_member_text(&w, "alg", algorithm);
	if (head->kid != NULL) {
		json_member_text(&w, "kid", head->kid);
	} else {
		public = jws_public(key);
		json_key(&w, "jwk");
		json_raw(&w, public, strlen(public));
	}
	if (head->nonce != NULL)
		json_member_text(&w, "nonce", head->nonce);
	json_member_text(&w, "url", head->url);
	json_end_object(&w);
	assert(json_writer_ok(&w));
	text = mem_dup(buf_text(&buf));
	buf_clear(&buf);
	free(public);
	return text;
}

char *jws_sign(EVP_PKEY *key, const struct jws_head *head, const char *payload)
{
	const struct kind *kind = kind_of(key);
	char *first = head_text(key, head, kind->algorithm), *text = signed_text(first, payload);
	char *message = flatten(text, signature_of(key, kind, text));

	free(first);
	free(text);
	return message;
}

char *jws_bind(EVP_PKEY *key, const char *kid, const char *secret, const char *url)
{
	const struct jws_head head = {.kid = kid, .url = url};
	unsigned char *bytes;
	size_t len;

	if (!jws_base64url_read(secret, &bytes, &len))
		return NULL;
	char *first = head_text(key, &head, "HS256"), *public = jws_public(key), *text = signed_text(first, public);
	char *message = flatten(text, hs256(bytes, len, text));
	OPENSSL_cleanse(bytes, len);
	free(bytes);
	free(first);
	free(public);
	free(text);
	return message;
}
