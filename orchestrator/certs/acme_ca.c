/* acme_ca: each request looks what is missing, gets it, and looks again, until it is its own turn.
 *
 *   directory? -> GET it | nonce? -> HEAD newNonce | account? -> POST newAccount | our address? -> POST the account
 *                        | POST the request -> answered
 *
 * Every reply brings a nonce, which is kept for the next. A request that was refused for its nonce begins again at once.
 */
#include "orchestrator/certs/acme_ca.h"

#include "common/clock.h"
#include "common/mem.h"
#include "orchestrator/certs/acme_ask.h"
#include "orchestrator/certs/acme_ca_account.h"
#include "orchestrator/certs/acme_dates.h"
#include "orchestrator/certs/acme_wish.h"
#include "orchestrator/certs/acme_files.h"
#include "orchestrator/certs/jws.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static void go_on(struct acme_ask *ask);

void acme_ca_cancel(struct acme_ask *ask)
{
	if (ask->request != NULL)
		fetch_cancel(ask->request);
	acme_ask_free(ask);
}

/* --- directory and nonce --------------------------------------------------------------------------------------- */

static void on_directory(const struct fetch_reply *reply, void *arg)
{
	struct acme_ask *ask = arg;
	struct acme_ca *ca = ask->ca;
	struct acme_problem problem;
	struct err err;

	if (!acme_ask_took(ask, reply, ca->directory_url))
		return;
	if (!acme_ask_went_well(reply)) {
		acme_ask_say_refused(ask, "asking for the directory", reply, &problem);
		acme_ask_fail(ask, false);
		return;
	}
	acme_reply_directory_clear(&ca->directory); /* another ask may have been faster */
	ca->has_directory = acme_reply_directory(reply->body, reply->len, &ca->directory, &err);
	if (ca->has_directory) {
		go_on(ask);
		return;
	}
	acme_ask_say_strange(ask, "directory", err.message);
	acme_ask_fail(ask, false);
}

static void on_nonce(const struct fetch_reply *reply, void *arg)
{
	struct acme_ask *ask = arg;
	struct acme_problem problem;

	if (!acme_ask_took(ask, reply, ask->ca->directory_url))
		return;
	if (ask->ca->nonce_count > 0) {
		go_on(ask);
		return;
	}
	if (acme_ask_went_well(reply))
		acme_ask_say_strange(ask, "reply to newNonce", "it has no Replay-Nonce");
	else
		acme_ask_say_refused(ask, "asking for a nonce", reply, &problem);
	acme_ask_fail(ask, false);
}

/* --- signed requests ------------------------------------------------------------------------------------------- */

/* True: the ask goes on; it may have been the predecessor that the CA does not want (RFC 9773 section 5). */
static bool ask_without_predecessor(struct acme_ask *ask, int status)
{
	if (ask->replaces == NULL || status < 400 || status > 499 || status == 429)
		return false;
	free(ask->replaces);
	ask->replaces = NULL;
	ask->go_on(ask);
	return true;
}

static void on_reply(const struct fetch_reply *reply, void *arg)
{
	struct acme_ask *ask = arg;
	struct acme_problem problem = {.type = ""};
	const char *what = ask->url == NULL ? "ordering" : "asking for what was ordered";

	if (!acme_ask_took(ask, reply, ask->url != NULL ? ask->url : ask->ca->directory_url))
		return;
	if (acme_ask_went_well(reply)) {
		const struct acme_answer answer = {.body = reply->body,
		                                   .len = reply->len,
		                                   .location = reply->fields[ACME_LOCATION],
		                                   .retry_after_s =
		                                           acme_dates_retry_after_s(reply->fields[ACME_RETRY_AFTER])};
		acme_ask_end(ask, &answer);
		return;
	}
	acme_ask_say_refused(ask, what, reply, &problem);
	if (!acme_ask_again(ask, &problem) && !acme_ca_account_is_lost(ask, &problem) &&
	    !ask_without_predecessor(ask, reply->status))
		acme_ask_fail(ask, reply->status >= 400 && reply->status <= 499 && reply->status != 429);
}

/* --- an ask's way ---------------------------------------------------------------------------------------------- */

static void get_directory(struct acme_ask *ask)
{
	acme_ask_send(ask, &(struct fetch_ask){.url = ask->ca->directory_url}, on_directory);
}

static struct acme_wish wish_of(const struct acme_ask *ask)
{
	return (struct acme_wish){.host = ask->host, .profile = ask->profile, .replaces = ask->replaces};
}

static void post_order(struct acme_ask *ask)
{
	const struct acme_directory *directory = &ask->ca->directory;
	const struct acme_wish wish = wish_of(ask);
	char *payload = acme_wish_payload(&wish, directory, &ask->failure);

	if (payload != NULL)
		acme_ask_post(ask, directory->new_order, payload, false, on_reply);
	else
		acme_ask_fail(ask, true);
	free(payload);
}

static void go_on(struct acme_ask *ask)
{
	struct acme_ca *ca = ask->ca;

	if (!ca->has_directory)
		get_directory(ask);
	else if (ca->nonce_count == 0)
		acme_ask_send(ask, &(struct fetch_ask){.url = ca->directory.new_nonce, .head = true}, on_nonce);
	else if (ca->account == NULL)
		acme_ca_account_ask(ask);
	else if (!ca->address_told)
		acme_ca_account_tell(ask);
	else if (ask->host != NULL)
		post_order(ask);
	else if (ask->payload == NULL)
		acme_ask_end(ask, &(struct acme_answer){.body = "", .retry_after_s = -1});
	else
		acme_ask_post(ask, ask->url, ask->payload, false, on_reply);
}

static struct acme_ask *ask_new(struct acme_ca *ca, acme_answered *answered, void *arg)
{
	struct acme_ask *ask = mem_zero(sizeof(*ask));

	ask->ca = ca;
	ask->go_on = go_on;
	ask->answered = answered;
	ask->arg = arg;
	return ask;
}

/* Making an account may fail without a question, and so may an order: not before this has returned. */
static void ask_begin(struct acme_ask *ask)
{
	const struct acme_wish wish = wish_of(ask);

	if (ask->ca->account == NULL || (ask->host != NULL && !acme_wish_fits(&wish, &ask->ca->directory)))
		get_directory(ask);
	else
		go_on(ask);
}

struct acme_ask *acme_ca_ask(struct acme_ca *ca, const char *url, const char *payload, acme_answered *answered,
                             void *arg)
{
	struct acme_ask *ask = ask_new(ca, answered, arg);

	ask->url = mem_dup(url);
	ask->payload = mem_dup(payload);
	ask_begin(ask);
	return ask;
}

struct acme_ask *acme_ca_order(struct acme_ca *ca, const struct acme_wish *wish, acme_answered *answered, void *arg)
{
	struct acme_ask *ask = ask_new(ca, answered, arg);

	ask->host = mem_dup(wish->host);
	ask->profile = mem_dup(wish->profile);
	ask->replaces = mem_dup(wish->replaces);
	ask_begin(ask);
	return ask;
}

struct acme_ask *acme_ca_tell(struct acme_ca *ca, acme_answered *answered, void *arg)
{
	ca->address_told = false;
	return acme_ca_ask(ca, NULL, NULL, answered, arg);
}

/* --- life ------------------------------------------------------------------------------------------------------ */

static void take_settings(struct acme_ca *ca, const struct acme_ca_settings *settings)
{
	ca->ca_file = mem_dup(settings->ca_file);
	ca->email = mem_dup(settings->email);
	ca->eab_kid = mem_dup(settings->eab_kid);
	ca->eab_key = mem_dup(settings->eab_key);
}

static void forget_settings(struct acme_ca *ca)
{
	free(ca->ca_file);
	free(ca->email);
	free(ca->eab_kid);
	acme_files_free_secret(ca->eab_key);
}

struct acme_ca *acme_ca_new(const struct acme_ca_settings *settings)
{
	struct acme_ca *ca = mem_zero(sizeof(*ca));

	ca->fetch = settings->fetch;
	ca->key = settings->key;
	ca->directory_url = mem_dup(settings->directory);
	take_settings(ca, settings);
	return ca;
}

void acme_ca_change(struct acme_ca *ca, const struct acme_ca_settings *settings)
{
	forget_settings(ca);
	take_settings(ca, settings);
}

void acme_ca_free(struct acme_ca *ca)
{
	if (ca == NULL)
		return;
	acme_ca_forget(ca);
	free(ca->directory_url);
	forget_settings(ca);
	free(ca);
}

static void forget_nonces(struct acme_ca *ca)
{
	while (ca->nonce_count > 0)
		free(ca->nonces[--ca->nonce_count]);
}

void acme_ca_forget(struct acme_ca *ca)
{
	acme_reply_directory_clear(&ca->directory);
	ca->has_directory = false;
	free(ca->account);
	ca->account = NULL;
	forget_nonces(ca);
}

bool acme_ca_is_known(const struct acme_ca *ca)
{
	return ca->account != NULL;
}

char *acme_ca_key_authorization(const struct acme_ca *ca, const char *token)
{
	char *thumbprint = jws_thumbprint(ca->key), *text = mem_format("%s.%s", token, thumbprint);

	free(thumbprint);
	return text;
}
