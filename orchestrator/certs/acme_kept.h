/* acme_kept: what is kept on the disk of one host: HOST.json, its record, and HOST.pem, its certificate (see acme_files). What cannot be
 * written is told once and stays to be written later.
 */
#pragma once

#include "orchestrator/certs/acme_files.h"
#include "orchestrator/certs/acme_record.h"

#include <stdbool.h>

struct acme_kept;

/* files is borrowed, until the last write was told. The record is empty. */
struct acme_kept *acme_kept_new(struct acme_files *files, const char *host);

/* No callback follows; what is being written still is. NULL is fine. */
void acme_kept_free(struct acme_kept *kept);

/* To be read and changed; what acme_kept_write writes. */
struct acme_record *acme_kept_record(struct acme_kept *kept);

/* Writes the record as it is now. done as acme_written; NULL is fine. */
void acme_kept_write(struct acme_kept *kept, acme_written *done, void *arg);

/* pem: a key and its chain, malloc'd, kept's from now on: HOST.pem. */
void acme_kept_write_pem(struct acme_kept *kept, char *pem, acme_written *done, void *arg);

/* Is there a certificate that is not on the disk yet? The record has its order until then. */
bool acme_kept_has_pem(const struct acme_kept *kept);

/* The record has changed, and is written with acme_kept_write_again. */
void acme_kept_set_stale(struct acme_kept *kept);

/* Is something being written? */
bool acme_kept_is_busy(const struct acme_kept *kept);

/* Not busy: what could not be written is tried again, later and later after each failure; to be called as often as one likes. done:
 * once the certificate is on the disk, or is not. */
void acme_kept_write_again(struct acme_kept *kept, acme_written *done, void *arg);
