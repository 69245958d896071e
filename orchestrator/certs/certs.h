/* certs: the certificates in force: shown by name, changed whole.
 *
 *   a reload            all that the new configuration names are read first; one that is bad refuses it
 *   a change of files   is noticed within half a minute; one that is bad leaves the former in force, and the log says what is
 *                       wrong with which file
 *
 * Connections keep what they were shown. Until there is a certificate, a stand-in is shown that says so.
 */
#pragma once

#include "common/err.h"
#include "orchestrator/certs/certificates.h"

#include <stdbool.h>

struct event_base;
struct certs;
struct tls_challenges;
struct tls_server;

/* read: what certificates_read gave for this configuration; the store's from now on, also where it fails. ticket_path: where
 * the keys of tickets are kept (see tls_tickets). */
bool certs_new(struct event_base *base, const struct config *config, struct certificates *read, const char *ticket_path,
               struct certs **certs, struct err *err) MUST_CHECK;

/* The same with the keys of tickets in socket_dir; NULL, and true, where the configuration has no address that speaks TLS. */
bool certs_open(struct event_base *base, const struct config *config, struct certificates *read, struct certs **certs,
                struct err *err) MUST_CHECK;

/* When no connection is left. NULL is fine. */
void certs_free(struct certs *certs);

/* What speaks TLS with these certificates; the store's. */
struct tls_server *certs_server(const struct certs *certs);

/* What CAs are shown that look whether a host is this machine's; the store's. */
struct tls_challenges *certs_challenges(const struct certs *certs);

/* What is in force: for certificates_read. */
const struct certificates *certs_certificates(const struct certs *certs);

/* Another configuration, in two steps: first what can fail (then nothing has changed), read as above; then the change. */
bool certs_prepare(struct certs *certs, struct certificates *read, struct err *err) MUST_CHECK;
void certs_change(struct certs *certs, const struct config *config);

/* Certificates that no configuration names, beside those that it does; shares are taken. False: the library does not show one of
 * them, and those before are shown on. */
bool certs_set_own(struct certs *certs, const struct certificates *own, struct err *err) MUST_CHECK;

/* Is one that the configuration names good now for this host? */
bool certs_file_covers(const struct certs *certs, const char *host);

/* Grows with each change of what is covered: by other certificates, or by time. */
uint64_t certs_changes(const struct certs *certs);

/* Why the files of a pair are not what is shown: one after the other from index 0 on; NULL: there are no more. certs NULL is fine. */
const char *certs_trouble(const struct certs *certs, size_t index);

/* Is there a certificate, no stand-in, that is good now for this host? host: lower case, without a trailing dot. */
bool certs_covers(const struct certs *certs, const char *host);
bool certs_cover(const char *host, void *certs); /* the same, as a callback */

/* The names that there are certificates for, in order. */
struct certs_name {
	const char *host;   /* "example.org", "*.example.org"; lives as long as these certificates are in force */
	const char *issuer; /* for people; of the one that ends first, as the rest */
	const char *file;
	int64_t from_s, until_s; /* Unix time */
	int64_t soon_s;          /* from when on it counts as ending soon, see certificate */
};

size_t certs_name_count(const struct certs *certs);
struct certs_name certs_name_at(const struct certs *certs, size_t index);
