/* named: which certificate is shown for which name. Made whole, and never changed: another one takes its place.
 *
 * Of several that are for a name, wherever they come from: one that is valid, then one that has the name itself and not by a
 * wildcard, then the one that ends last. There may be one of RSA and one of another kind (ECDSA) side by side: the client's
 * handshake decides. What is valid is looked at when the table is made, so it holds for a time.
 */
#pragma once

#include "common/err.h"
#include "orchestrator/certs/certificates.h"

#include <stddef.h>
#include <stdint.h>

struct named;
struct tls_server;

struct named_pair {
	const char *name;                   /* as the certificate has it */
	const struct certificate *shown[2]; /* the best of RSA and of other kinds; one may be NULL */
};

struct named_settings {
	struct tls_server *server;
	const struct certificates *files; /* that the configuration names: the first one's is the default */
	const struct certificates *own;   /* others */
	const struct named *before;       /* in force, NULL: none; what is the same in it is shared */
	int64_t now_s;                    /* Unix time */
};

/* All is borrowed for the call; of certificates shares are taken. False: the library refuses one of them. */
bool named_new(const struct named_settings *settings, struct named **named, struct err *err) MUST_CHECK;

/* Is the same valid at this time as when it was made? Else another one is to be made. */
bool named_holds(const struct named *named, int64_t now_s);

/* Connections keep what they were shown. NULL is fine. */
void named_free(struct named *named);

/* For a name (lower case, without a trailing dot); a wildcard is for one label (RFC 6125). NULL: none. */
SSL_CTX *named_find(const struct named *named, const char *name);

/* The first certificate's; NULL for an empty table. */
SSL_CTX *named_default(const struct named *named);

/* Is a certificate for this name good at this time (Unix)? */
bool named_covers(const struct named *named, const char *name, int64_t now_s);

/* Is one that the configuration names for this name, and was valid when this was made? */
bool named_file_covers(const struct named *named, const char *name);

/* In the order of their bytes. */
size_t named_count(const struct named *named);
const struct named_pair *named_at(const struct named *named, size_t index);
