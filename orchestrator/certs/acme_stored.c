/* acme_stored: HOST.pem and HOST.json. */
#include "orchestrator/certs/acme_stored.h"

#include "common/log.h"
#include "common/mem.h"
#include "common/text_file.h"
#include "orchestrator/certs/acme_files.h"
#include "orchestrator/certs/acme_reply.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void read_certificate(const struct acme_files *files, const char *host, struct certificate **certificate)
{
	char *path = acme_files_path(files, host, "pem");
	struct err err;

	if (access(path, F_OK) == 0 && !certificate_read(path, path, certificate, &err))
		log_warn("event=certificate-lost host=%s error=%s consequence=%s", host, log_quote(err.message),
		         log_quote("it is ordered anew"));
	if (*certificate != NULL && !certificate_is_for(*certificate, host)) {
		certificate_free(*certificate);
		*certificate = NULL;
	}
	free(path);
}

static void read_record(const struct acme_files *files, const char *host, struct acme_record *record)
{
	char *path = acme_files_path(files, host, "json");
	struct buf text;
	struct err err;

	buf_init_secret(&text, ACME_RECORD_MAX);
	if (access(path, F_OK) == 0 &&
	    (!text_file_read(path, &text, &err) || !acme_record_read(buf_text(&text), text.len, record, &err)))
		log_warn("event=record-lost host=%s error=%s", host, log_quote(err.message));
	buf_clear(&text);
	free(path);
}

static bool is_its_key(const struct certificate *certificate, const char *line)
{
	EVP_PKEY *key = line != NULL && certificate != NULL ? acme_files_key_from(line) : NULL;
	bool same = key != NULL && EVP_PKEY_eq(key, certificate->key) == 1;

	EVP_PKEY_free(key);
	return same;
}

static void end_order(struct acme_record *record, const char *directory)
{
	acme_record_issued(record, directory);
	acme_record_finish(record);
}

/* An order whose certificate is there already is over: the one at hand, or one that was left, and was taken up since. */
static void judge_record(struct acme_record *record, const struct certificate *certificate)
{
	if (is_its_key(certificate, record->key))
		end_order(record, record->directory);
	else if (is_its_key(certificate, record->left.key))
		end_order(record, record->left.directory);
	if (!acme_reply_is_url(record->order) || record->directory == NULL)
		acme_record_forget_order(record);
	if (!acme_reply_is_url(record->left.order) || record->left.directory == NULL)
		acme_record_forget_left(record);
}

void acme_stored_read(const struct acme_files *files, const char *host, struct acme_record *record,
                      struct certificate **certificate)
{
	read_certificate(files, host, certificate);
	read_record(files, host, record);
	judge_record(record, *certificate);
}
