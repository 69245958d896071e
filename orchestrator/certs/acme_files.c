/* acme_files: a folder, and a thread that writes into it. */
#include "orchestrator/certs/acme_files.h"

#include "common/container_of.h"
#include "common/dir.h"
#include "common/hash.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/base/state_file.h"
#include "orchestrator/base/worker.h"
#include "orchestrator/certs/jws.h"
#include "orchestrator/certs/pem.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDER "certs"

struct acme_files {
	char *dir;
	struct worker *worker;
};

struct writing {
	struct worker_job job;
	const struct acme_files *files; /* of which the thread reads dir, which stays as it is */
	char *name, *text;
	bool ok;
	struct err err;
	acme_written *written;
	void *arg;
};

void acme_files_free_secret(char *text)
{
	if (text != NULL)
		OPENSSL_cleanse(text, strlen(text));
	free(text);
}

/* --- writing --------------------------------------------------------------------------------------------------- */

static void work(struct worker_job *job)
{
	struct writing *writing = container_of(job, struct writing, job);

	writing->ok = state_file_write(writing->files->dir, writing->name, writing->text, &writing->err);
}

static void done(struct worker_job *job)
{
	struct writing *writing = container_of(job, struct writing, job);

	writing->written(writing->ok ? NULL : &writing->err, writing->arg);
	acme_files_free_secret(writing->text);
	free(writing->name);
	free(writing);
}

void acme_files_write(struct acme_files *files, const char *name, const char *ending, const char *text,
                      acme_written *written, void *arg)
{
	struct writing *writing = mem_zero(sizeof(*writing));

	writing->job = (struct worker_job){.work = work, .done = done};
	writing->files = files;
	writing->name = mem_format("%s.%s", name, ending);
	writing->text = mem_dup(text);
	writing->written = written;
	writing->arg = arg;
	worker_do(files->worker, &writing->job);
}

/* --- names and keys -------------------------------------------------------------------------------------------- */

char *acme_files_path(const struct acme_files *files, const char *name, const char *ending)
{
	return mem_format("%s/%s.%s", files->dir, name, ending);
}

char *acme_files_account(const char *authority)
{
	return mem_format("account-%016" PRIx64, hash_add(HASH_START, authority, strlen(authority)));
}

EVP_PKEY *acme_files_read_key(const struct acme_files *files, const char *name, struct err *err)
{
	char *path = acme_files_path(files, name, "pem");
	EVP_PKEY *key = NULL;
	struct pem_mark mark;
	bool readable;

	if (!pem_read_key(path, &key, &mark, &readable, err)) {
		key = NULL;
	} else if (!jws_key_is_good(key)) {
		err_set(err,
		        "%s: an account's key must be ECDSA with P-256 or P-384, or RSA with 2048 bits: no CA takes others, or "
		        "each signature keeps everybody waiting for milliseconds",
		        path);
		EVP_PKEY_free(key);
		key = NULL;
	}
	free(path);
	return key;
}

char *acme_files_key_text(EVP_PKEY *key)
{
	BIO *to = mem_must(BIO_new(BIO_s_secmem()));
	char *data, *text;

	mem_must(PEM_write_bio_PKCS8PrivateKey(to, key, NULL, NULL, 0, NULL, NULL) == 1 ? to : NULL);
	long len = BIO_get_mem_data(to, &data);
	text = mem_dup_n(data, (size_t)len);
	BIO_free(to);
	return text;
}

char *acme_files_key_line(EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int len = i2d_PrivateKey(key, &der);

	mem_must(len > 0 ? der : NULL);
	char *line = jws_base64url(der, (size_t)len);
	OPENSSL_clear_free(der, (size_t)len);
	return line;
}

EVP_PKEY *acme_files_key_from(const char *line)
{
	const unsigned char *at;
	unsigned char *der;
	size_t len;

	if (!jws_base64url_read(line, &der, &len))
		return NULL;
	at = der;
	ERR_clear_error();
	EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &at, (long)len);
	OPENSSL_cleanse(der, len);
	free(der);
	if (key == NULL || jws_key_is_good(key))
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

/* --- life ------------------------------------------------------------------------------------------------------ */

bool acme_files_new(struct event_base *base, const char *state_dir, struct acme_files **result, struct err *err)
{
	char *dir = mem_format("%s/" FOLDER, state_dir);

	if (!dir_make(dir, "state_dir", err)) {
		free(dir);
		return false;
	}
	struct acme_files *files = mem_zero(sizeof(*files));
	files->dir = dir;
	files->worker = worker_new(base);
	*result = files;
	return true;
}

void acme_files_free(struct acme_files *files)
{
	if (files == NULL)
		return;
	if (!worker_free(files->worker)) {
		log_warn("event=state-stuck path=%s error=\"the disk does not answer\"", log_quote(files->dir));
		mem_leave(files);
		return;
	}
	free(files->dir);
	free(files);
}
