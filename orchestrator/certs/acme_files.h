/* acme_files: what the ACME client keeps in state_dir/certs, so that neither a restart nor a power cut costs a key or an order:
 *
 *   account-HASH.pem   the key of an account, one a CA; the hash is of acme_authority_name
 *   HOST.pem           a certificate: its key, then the certificate and its chain; one file, so that they always fit
 *   HOST.json          what is under way for a host, and what went wrong (acme_record)
 *
 * Each is 0600. Reading blocks for a moment, and is for the start and for reloads; writing does not.
 */
#pragma once

#include "common/err.h"

#include <openssl/types.h>

struct acme_files;
struct event_base;

/* False: the folder cannot be made; err says what to do. */
bool acme_files_new(struct event_base *base, const char *state_dir, struct acme_files **files,
                    struct err *err) MUST_CHECK;

/* What was to be written still is, and is told (see worker). NULL is fine. */
void acme_files_free(struct acme_files *files);

/* The path of a file; the caller frees it. */
char *acme_files_path(const struct acme_files *files, const char *name, const char *ending);

/* name for the key of an account; authority: acme_authority_name. The caller frees it. */
char *acme_files_account(const char *authority);

/* Of an account. NULL: there is none (err's code is ENOENT), or it cannot be read, or is of a kind that is not signed with (see jws). */
EVP_PKEY *acme_files_read_key(const struct acme_files *files, const char *name, struct err *err);

/* Once it is on the disk, or is not (err, which then says why; else NULL); never before this has returned. */
typedef void acme_written(const struct err *err, void *arg);
void acme_files_write(struct acme_files *files, const char *name, const char *ending, const char *text,
                      acme_written *written, void *arg);

/* PEM, without a password; the caller frees it. */
char *acme_files_key_text(EVP_PKEY *key);
/* Wiped first; NULL is fine. */
void acme_files_free_secret(char *text);

/* In one line, for what is no file of its own; the caller frees it. */
char *acme_files_key_line(EVP_PKEY *key);
EVP_PKEY *acme_files_key_from(const char *line); /* NULL: it is none, or of a kind that we do not make */
