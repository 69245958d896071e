/* certificates: the list of the file, one by one. */
#include "orchestrator/certs/certificates.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/certs/acme_binding.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEAR_RSA_BITS 2048
#define DOUBT_SIZE 1400

static bool is_of(const struct certificate *certificate, const struct config_certificate *wanted)
{
	return strcmp(certificate->cert_path, wanted->cert) == 0 && strcmp(certificate->key_path, wanted->key) == 0;
}

static bool has_changed(const struct certificate *certificate)
{
	struct pem_mark cert, key;

	return !pem_look(certificate->cert_path, &cert) || !pem_look(certificate->key_path, &key) ||
	       !pem_same(&cert, &certificate->cert_mark) || !pem_same(&key, &certificate->key_mark);
}

static struct certificate *find_same(const struct certificates *before, const struct config_certificate *wanted)
{
	for (size_t i = 0; before != NULL && i < before->count; i++)
		if (is_of(before->items[i], wanted) && !has_changed(before->items[i]))
			return before->items[i];
	return NULL;
}

bool certificates_read(const struct config *config, const struct certificates *before, struct certificates *read,
                       struct err *err)
{
	size_t count = config_certificate_count(config);

	*read = (struct certificates){0};
	if (!acme_binding_check(config, err))
		return false;
	*read = (struct certificates){.items = mem_array(NULL, count + 1, sizeof(*read->items))};
	for (size_t i = 0; i < count; i++) {
		const struct config_certificate *wanted = config_certificate_at(config, i);
		struct certificate *same = find_same(before, wanted);
		if (same != NULL) {
			read->items[read->count++] = certificate_share(same);
		} else if (certificate_read(wanted->cert, wanted->key, &read->items[i], err)) {
			read->count++;
		} else {
			certificates_clear(read);
			return err_prefix(err, "tls.certificates[%zu]", i);
		}
	}
	return true;
}

void certificates_clear(struct certificates *certificates)
{
	for (size_t i = 0; i < certificates->count; i++)
		certificate_free(certificates->items[i]);
	free(certificates->items);
	*certificates = (struct certificates){0};
}

/* --- doubts ---------------------------------------------------------------------------------------------------- */

struct teller {
	void (*tell)(const char *doubt, void *arg);
	void *arg;
};

static void doubt(const struct teller *teller, const char *path, const char *what)
{
	char text[DOUBT_SIZE];

	snprintf(text, sizeof(text), "tls.certificates: %s: %s", path, what);
	teller->tell(text, teller->arg);
}

static const char *doubt_of_times(const struct certificate *certificate)
{
	int64_t now_s = clock_wall_ms() / 1000;

	if (certificate->until_s <= now_s)
		return "it has expired: clients refuse it; it is shown until there is another";
	if (certificate->from_s > now_s)
		return "it is not valid yet (or this machine's clock is wrong): clients refuse it";
	return NULL;
}

static void doubts_of(const struct certificate *certificate, const struct teller *teller)
{
	const char *times = doubt_of_times(certificate);

	if (times != NULL)
		doubt(teller, certificate->cert_path, times);
	if (certificate->is_alone)
		doubt(teller, certificate->cert_path,
		      "there is no chain behind it: clients that do not know its issuer refuse it");
	if (certificate->key_is_readable)
		doubt(teller, certificate->key_path, "every user of this machine can read the key: chmod 600");
	if (certificate->is_rsa && EVP_PKEY_get_bits(certificate->key) > DEAR_RSA_BITS)
		doubt(teller, certificate->cert_path,
		      "a handshake with more than 2048 bits of RSA takes some 4 ms, in which nothing else is done; one with "
		      "ECDSA P-256 takes 0.2 ms");
}

static bool has(const struct certificates *certificates, const struct certificate *one)
{
	for (size_t i = 0; certificates != NULL && i < certificates->count; i++)
		if (certificates->items[i] == one)
			return true;
	return false;
}

void certificates_doubts(const struct certificates *certificates, const struct certificates *before,
                         void (*tell)(const char *doubt, void *arg), void *arg)
{
	const struct teller teller = {tell, arg};

	for (size_t i = 0; i < certificates->count; i++)
		if (!has(before, certificates->items[i]))
			doubts_of(certificates->items[i], &teller);
}

static void on_doubt(const char *text, void *arg)
{
	(void)arg;
	log_warn("event=config-doubt message=%s", log_quote(text));
}

void certificates_doubts_log(const struct certificates *certificates, const struct certificates *before)
{
	certificates_doubts(certificates, before, on_doubt, NULL);
}
