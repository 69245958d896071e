/* acme_renewal: two dates (RFC 3339), and a name made of a certificate's issuer and number. */
#include "orchestrator/certs/acme_renewal.h"

#include "common/hash.h"
#include "common/json.h"
#include "common/mem.h"
#include "orchestrator/certs/jws.h"

#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define AGAIN_S 21600
#define AGAIN_MIN_S 60
#define AGAIN_MAX_S 86400

static const struct json_limits limits = {.depth = 8, .nodes = 256};

/* --- dates ----------------------------------------------------------------------------------------------------- */

/* So many digits, and no more; -1: they are none, or beyond the bounds. */
static int number(const char **at, int digits, int least, int most)
{
	int value = 0;

	for (int i = 0; i < digits; i++, ++*at) {
		if (**at < '0' || **at > '9')
			return -1;
		value = value * 10 + (**at - '0');
	}
	return value >= least && value <= most ? value : -1;
}

static bool take(const char **at, char expected)
{
	if (**at != expected)
		return false;
	++*at;
	return true;
}

static bool read_day(const char **at, struct tm *tm)
{
	tm->tm_year = number(at, 4, 1970, 9999) - 1900;
	if (tm->tm_year < 0 || !take(at, '-'))
		return false;
	tm->tm_mon = number(at, 2, 1, 12) - 1;
	if (tm->tm_mon < 0 || !take(at, '-'))
		return false;
	tm->tm_mday = number(at, 2, 1, 31);
	return tm->tm_mday > 0 && (take(at, 'T') || take(at, 't') || take(at, ' '));
}

static bool read_time(const char **at, struct tm *tm)
{
	tm->tm_hour = number(at, 2, 0, 23);
	if (tm->tm_hour < 0 || !take(at, ':'))
		return false;
	tm->tm_min = number(at, 2, 0, 59);
	if (tm->tm_min < 0 || !take(at, ':'))
		return false;
	tm->tm_sec = number(at, 2, 0, 60);
	if (tm->tm_sec < 0)
		return false;
	if (take(at, '.'))
		*at += strspn(*at, "0123456789");
	return true;
}

/* "Z", or how far it is from there. */
static bool read_offset(const char **at, int64_t *offset_s)
{
	int sign = **at == '-' ? -1 : 1, hours, minutes;

	*offset_s = 0;
	if (take(at, 'Z') || take(at, 'z'))
		return true;
	if (!take(at, '+') && !take(at, '-'))
		return false;
	if ((hours = number(at, 2, 0, 23)) == -1 || !take(at, ':') || (minutes = number(at, 2, 0, 59)) == -1)
		return false;
	*offset_s = sign * (hours * INT64_C(3600) + minutes * INT64_C(60));
	return true;
}

static bool read_moment(const struct json_value *value, int64_t *at_s)
{
	char *text = json_dup_text(value);
	const char *at = text != NULL ? text : "";
	struct tm tm = {0};
	int64_t offset_s;
	bool ok = read_day(&at, &tm) && read_time(&at, &tm) && read_offset(&at, &offset_s) && *at == '\0';

	if (ok)
		*at_s = (int64_t)timegm(&tm) - offset_s;
	free(text);
	return ok && *at_s > 0;
}

bool acme_renewal_read(const char *text, size_t len, struct acme_window *window, struct err *err)
{
	struct json_doc *doc;

	*window = (struct acme_window){0};
	if (!json_parse(text, len, &limits, &doc, err))
		return false;
	const struct json_value *said = json_get(json_root(doc), "suggestedWindow");
	bool ok = (read_moment(json_get(said, "start"), &window->from_s) &&
	           read_moment(json_get(said, "end"), &window->until_s)) ||
	          err_set(err, "suggestedWindow has no start and end that are dates");
	json_free(doc);
	if (ok && window->until_s <= window->from_s)
		ok = err_set(err, "suggestedWindow ends before it begins");
	if (!ok)
		*window = (struct acme_window){0};
	return ok;
}

/* --- names ----------------------------------------------------------------------------------------------------- */

/* As in DER, without tag and length: a first byte above 127 has a zero before it. */
static char *serial_text(const X509 *leaf)
{
	unsigned char *der = NULL;
	int len = i2d_ASN1_INTEGER(X509_get0_serialNumber(leaf), &der);
	char *text = len > 2 && der[1] < 0x80 ? jws_base64url(der + 2, (size_t)len - 2) : NULL;

	OPENSSL_free(der);
	return text;
}

char *acme_renewal_name(const struct certificate *certificate)
{
	X509 *leaf = sk_X509_value(certificate->chain, 0);
	const ASN1_OCTET_STRING *issuer = X509_get0_authority_key_id(leaf);
	char *name = NULL, *first, *second = serial_text(leaf);

	if (issuer != NULL && second != NULL) {
		first = jws_base64url(ASN1_STRING_get0_data(issuer), (size_t)ASN1_STRING_length(issuer));
		name = mem_format("%s.%s", first, second);
		free(first);
	}
	free(second);
	return name;
}

/* --- moments --------------------------------------------------------------------------------------------------- */

int64_t acme_renewal_moment(const struct acme_window *window, const struct certificate *certificate)
{
	int64_t soon_s = certificate_soon_s(certificate), span_s = window->until_s - window->from_s;
	int64_t last_s = soon_s - (certificate->until_s - soon_s) / 4;
	char *name = acme_renewal_name(certificate);
	uint64_t chance = name != NULL ? hash_add(HASH_START, name, strlen(name)) : 0;
	int64_t at_s = window->from_s + (int64_t)(chance % (uint64_t)(span_s > 0 ? span_s : 1));

	free(name);
	return at_s < last_s ? at_s : last_s;
}

int64_t acme_renewal_again_s(int64_t retry_after_s)
{
	if (retry_after_s < 0)
		return AGAIN_S;
	if (retry_after_s < AGAIN_MIN_S)
		return AGAIN_MIN_S;
	return retry_after_s < AGAIN_MAX_S ? retry_after_s : AGAIN_MAX_S;
}
