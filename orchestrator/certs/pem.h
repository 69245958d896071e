/* pem: certificates and keys as files have them (RFC 7468). Says in words what is wrong with a file. */
#pragma once

#include "common/err.h"

#include <openssl/types.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

/* By what a change of a file is seen. */
struct pem_mark {
	int64_t size, changed_ns;
	uint64_t inode, device;
};

/* False: it is not there; mark is all zero. */
bool pem_look(const char *path, struct pem_mark *mark);
bool pem_same(const struct pem_mark *a, const struct pem_mark *b);

/* All certificates of the file, one at least, in its order; freed by the caller with sk_X509_pop_free. */
bool pem_read_chain(const char *path, STACK_OF(X509) * *chain, struct pem_mark *mark, struct err *err) MUST_CHECK;

/* The same of a text; path: whose it is, for messages. */
bool pem_parse_chain(const char *path, const char *text, STACK_OF(X509) * *chain, struct err *err) MUST_CHECK;

/* The key; it must be the file's first, and not encrypted. Refused is a file that others may write; *readable: others may read
 * it. */
bool pem_read_key(const char *path, EVP_PKEY **key, struct pem_mark *mark, bool *readable, struct err *err) MUST_CHECK;
