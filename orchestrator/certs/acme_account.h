/* acme_account: what a CA is told of who we are (RFC 8555 section 7.3). */
#pragma once

#include <openssl/types.h>

struct acme_account {
	EVP_PKEY *key;
	const char *email;             /* "": none */
	const char *eab_kid, *eab_key; /* "": none */
	const char *url;               /* of newAccount */
};

/* JSON; the caller frees it. NULL: eab_key is no base64url. */
char *acme_account_payload(const struct acme_account *account);

/* What an account that is there already is to have for its address (section 7.3.2); "": none. The caller frees it. */
char *acme_account_address_payload(const char *email);
