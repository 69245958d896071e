/* csr: an empty subject, since the name stands in subjectAltName, which is what is looked at. */
#include "orchestrator/certs/csr.h"

#include "common/mem.h"
#include "orchestrator/certs/jws.h"
#include "orchestrator/config/host_name.h"

#include <assert.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdlib.h>

X509_EXTENSION *csr_name_extension(const char *host)
{
	char *value = mem_format("%s:%s", host_name_is_address(host) ? "IP" : "DNS", host);
	X509_EXTENSION *extension = mem_must(X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, value));

	free(value);
	return extension;
}

char *csr_make(EVP_PKEY *key, const char *host)
{
	X509_REQ *request = mem_must(X509_REQ_new());
	struct stack_st_X509_EXTENSION *extensions = mem_must(sk_X509_EXTENSION_new_null());
	unsigned char *der = NULL;

	sk_X509_EXTENSION_push(extensions, csr_name_extension(host));
	bool ok = X509_REQ_set_version(request, 0) == 1 && X509_REQ_set_pubkey(request, key) == 1 &&
	          X509_REQ_add_extensions(request, extensions) == 1 && X509_REQ_sign(request, key, EVP_sha256()) > 0;
	int len = i2d_X509_REQ(request, &der);
	assert(ok && len > 0);
	(void)ok;
	char *text = jws_base64url(der, (size_t)len);
	OPENSSL_free(der);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	X509_REQ_free(request);
	return text;
}
