/* acme_binding: read anew each time; small files. */
#include "orchestrator/certs/acme_binding.h"

#include "common/mem.h"
#include "orchestrator/base/token.h"
#include "orchestrator/certs/acme_files.h"
#include "orchestrator/certs/jws.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <unistd.h>

bool acme_binding_read(const struct config *config, char **text, struct err *err)
{
	if (config->acme.eab_key_file[0] == '\0') {
		*text = mem_dup("");
		return true;
	}
	return token_read(config->acme.eab_key_file, text, err) || err_prefix(err, "acme.eab_key_file");
}

bool acme_binding_check(const struct config *config, struct err *err)
{
	unsigned char *bytes;
	size_t len;
	char *text;

	if (config->acme.ca_file[0] != '\0' && access(config->acme.ca_file, R_OK) == -1)
		return err_set_errno(err, errno, "acme.ca_file: %s cannot be read", config->acme.ca_file);
	if (!acme_binding_read(config, &text, err))
		return false;
	bool ok = jws_base64url_read(text, &bytes, &len);
	acme_files_free_secret(text);
	if (!ok)
		return err_set(err, "acme.eab_key_file: %s holds no base64url, as a CA gives it out",
		               config->acme.eab_key_file);
	OPENSSL_cleanse(bytes, len);
	free(bytes);
	return true;
}
