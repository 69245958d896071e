/* acme_ca_account: newAccount, which finds the account of a key that has one (RFC 8555 section 7.3.1), and updates of it
 * (section 7.3.2): what newAccount is told of an account that is there already changes nothing.
 */
#include "orchestrator/certs/acme_ca_account.h"

#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/certs/acme_account.h"

#include <stdlib.h>
#include <string.h>

#define CREATED 201
#define ACCOUNT_TRIES 2 /* forgotten once, made once */

static void on_account(const struct fetch_reply *reply, void *arg)
{
	struct acme_ask *ask = arg;
	struct acme_ca *ca = ask->ca;
	struct acme_problem problem;

	if (!acme_ask_took(ask, reply, ca->directory_url))
		return;
	if (!acme_ask_went_well(reply)) {
		acme_ask_say_refused(ask, "making an account", reply, &problem);
		if (!acme_ask_again(ask, &problem))
			acme_ask_fail(ask, false);
		return;
	}
	if (!acme_reply_is_url(reply->fields[ACME_LOCATION])) {
		acme_ask_say_strange(ask, "account",
		                     reply->fields[ACME_LOCATION] == NULL ? "it has no Location"
		                                                          : "its Location is no https URL");
		acme_ask_fail(ask, false);
		return;
	}
	free(ca->account);
	ca->account = mem_dup(reply->fields[ACME_LOCATION]);
	ca->address_told = reply->status == CREATED || acme_reply_has_address(reply->body, reply->len, ca->email);
	ask->go_on(ask);
}

void acme_ca_account_ask(struct acme_ask *ask)
{
	const struct acme_ca *ca = ask->ca;
	const struct acme_account who = {.key = ca->key,
	                                 .email = ca->email,
	                                 .eab_kid = ca->eab_kid,
	                                 .eab_key = ca->eab_key,
	                                 .url = ca->directory.new_account};
	char *payload = NULL;

	if (ca->directory.binds && ca->eab_kid[0] == '\0')
		acme_failure_from_problem(&ask->failure, "making an account",
		                          &(struct acme_problem){.type = "externalAccountRequired",
		                                                 .detail = "accounts are bound to one of its own"});
	else if ((payload = acme_account_payload(&who)) == NULL)
		acme_failure_say(&ask->failure, "write the key into acme.eab_key_file as the CA gave it",
		                 "acme.eab_key_file holds no base64url");
	if (payload == NULL)
		acme_ask_fail(ask, false);
	else
		acme_ask_post(ask, ca->directory.new_account, payload, true, on_account);
	free(payload);
}

/* An address that the CA does not take keeps no certificate from being renewed. */
static void on_told(const struct fetch_reply *reply, void *arg)
{
	struct acme_ask *ask = arg;
	struct acme_problem problem;

	if (!acme_ask_took(ask, reply, ask->ca->directory_url))
		return;
	if (acme_ask_went_well(reply)) {
		ask->ca->address_told = true;
		ask->go_on(ask);
		return;
	}
	acme_ask_say_refused(ask, "telling acme.email", reply, &problem);
	if (acme_ask_again(ask, &problem) || acme_ca_account_is_lost(ask, &problem))
		return;
	if (ask->payload == NULL && ask->host == NULL) {
		acme_ask_fail(ask, reply->status >= 400 && reply->status <= 499 && reply->status != 429);
		return;
	}
	log_warn("event=acme-email-not-told error=%s remedy=%s", log_quote(ask->failure.text),
	         log_quote(ask->failure.remedy));
	ask->ca->address_told = true; /* as far as it can be */
	ask->go_on(ask);
}

void acme_ca_account_tell(struct acme_ask *ask)
{
	char *payload = acme_account_address_payload(ask->ca->email);

	acme_ask_post(ask, ask->ca->account, payload, false, on_told);
	free(payload);
}

bool acme_ca_account_is_lost(struct acme_ask *ask, const struct acme_problem *problem)
{
	if (strcmp(problem->type, "accountDoesNotExist") != 0 || ++ask->account_tries > ACCOUNT_TRIES)
		return false;
	free(ask->ca->account);
	ask->ca->account = NULL;
	ask->go_on(ask);
	return true;
}
