/* acme_account: consent, an address, and the binding to an account that the CA knows by other ways. */
#include "orchestrator/certs/acme_account.h"

#include "common/json.h"
#include "common/mem.h"
#include "orchestrator/certs/jws.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ACCOUNT_MAX 8192

static void write_contact(struct json_writer *w, const char *email)
{
	char *contact = mem_format("mailto:%s", email);

	json_key(w, "contact");
	json_begin_array(w);
	if (email[0] != '\0')
		json_text(w, contact);
	json_end_array(w);
	free(contact);
}

static char *end_payload(struct json_writer *w, struct buf *buf)
{
	json_end_object(w);
	assert(json_writer_ok(w));
	char *text = mem_dup(buf_text(buf));
	buf_clear(buf);
	return text;
}

char *acme_account_payload(const struct acme_account *account)
{
	char *binding = NULL;
	struct json_writer w;
	struct buf buf;

	if (account->eab_kid[0] != '\0' &&
	    (binding = jws_bind(account->key, account->eab_kid, account->eab_key, account->url)) == NULL)
		return NULL;
	buf_init(&buf, ACCOUNT_MAX);
	json_writer_init(&w, &buf);
	json_begin_object(&w);
	json_member_bool(&w, "termsOfServiceAgreed", true);
	if (account->email[0] != '\0')
		write_contact(&w, account->email);
	if (binding != NULL) {
		json_key(&w, "externalAccountBinding");
		json_raw(&w, binding, strlen(binding));
	}
	free(binding);
	return end_payload(&w, &buf);
}

char *acme_account_address_payload(const char *email)
{
	struct json_writer w;
	struct buf buf;

	buf_init(&buf, ACCOUNT_MAX);
	json_writer_init(&w, &buf);
	json_begin_object(&w);
	write_contact(&w, email);
	return end_payload(&w, &buf);
}
