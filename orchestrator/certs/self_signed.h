/* self_signed: certificates that their own key has signed: nobody trusts them for who they are. */
#pragma once

#include <openssl/types.h>
#include <openssl/x509.h>

struct self_signed_what {
	const char *common_name;                     /* 64 bytes at most */
	long life_s;                                 /* from now; it began a day ago */
	const STACK_OF(X509_EXTENSION) * extensions; /* borrowed; NULL: none */
};

/* The caller's. */
X509 *self_signed_make(EVP_PKEY *key, const struct self_signed_what *what);
