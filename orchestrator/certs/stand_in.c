/* stand_in: P-256, signed by itself. */
#include "orchestrator/certs/stand_in.h"

#include "common/mem.h"
#include "orchestrator/certs/certificate.h"
#include "orchestrator/certs/self_signed.h"
#include "orchestrator/wire/tls.h"

#include <openssl/ec.h>
#include <openssl/ssl.h>

#define YEARS_10_S (3650 * 86400L)

SSL_CTX *stand_in_new(struct tls_server *server, struct err *err)
{
	EVP_PKEY *key = mem_must(EVP_EC_gen("P-256"));
	struct stack_st_X509 *chain = mem_must(sk_X509_new_null());
	const struct self_signed_what what = {.common_name = "no certificate is configured here yet (selfless)",
	                                      .life_s = YEARS_10_S};
	SSL_CTX *context = mem_must(tls_context_new(server));

	sk_X509_push(chain, self_signed_make(key, &what));
	struct certificate *made = certificate_make(chain, key);
	bool ok = certificate_put(made, context, err);
	certificate_free(made);
	if (ok)
		return context;
	SSL_CTX_free(context);
	return NULL;
}
