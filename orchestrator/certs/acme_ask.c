/* acme_ask: a reply that says why not is turned into words; every reply brings a nonce. */
#include "orchestrator/certs/acme_ask.h"

#include "common/clock.h"
#include "common/mem.h"
#include "orchestrator/certs/acme_dates.h"
#include "orchestrator/certs/jws.h"

#include <stdlib.h>
#include <string.h>

#define REPLY_MS 30000
#define NONCE_MAX 256
#define NONCE_TRIES 20 /* RFC 8555 section 6.5 bounds none; a CA that refuses half of them is still got on with */

static const char *const fields[FETCH_FIELDS + 1] = {[ACME_NONCE] = "Replay-Nonce",
                                                     [ACME_LOCATION] = "Location",
                                                     [ACME_RETRY_AFTER] = "Retry-After",
                                                     [ACME_DATE] = "Date"};

static int64_t now_s(void)
{
	return clock_wall_ms() / 1000;
}

/* --- the end of an ask ----------------------------------------------------------------------------------------- */

void acme_ask_free(struct acme_ask *ask)
{
	free(ask->url);
	free(ask->payload);
	free(ask->host);
	free(ask->profile);
	free(ask->replaces);
	free(ask);
}

void acme_ask_end(struct acme_ask *ask, const struct acme_answer *answer)
{
	ask->request = NULL;
	ask->answered(answer, ask->arg);
	acme_ask_free(ask);
}

void acme_ask_fail(struct acme_ask *ask, bool refused)
{
	const struct acme_answer answer = {
	        .failure = &ask->failure, .refused = refused, .body = "", .retry_after_s = -1};

	acme_ask_end(ask, &answer);
}

/* --- what every reply tells ------------------------------------------------------------------------------------ */

static void keep_nonce(struct acme_ca *ca, const char *nonce)
{
	if (nonce == NULL || nonce[0] == '\0' || strlen(nonce) > NONCE_MAX || ca->nonce_count == ACME_NONCES_KEPT)
		return;
	ca->nonces[ca->nonce_count++] = mem_dup(nonce);
}

void acme_ask_say_strange(struct acme_ask *ask, const char *what, const char *why)
{
	acme_failure_say(&ask->failure, "is acme.directory, or acme.fallback, the address of an ACME directory?",
	                 "what the CA answered is no %s: %s", what, why);
}

void acme_ask_say_refused(struct acme_ask *ask, const char *what, const struct fetch_reply *reply,
                          struct acme_problem *problem)
{
	int64_t wait_s = acme_dates_retry_after_s(reply->fields[ACME_RETRY_AFTER]);

	if (acme_reply_problem(reply->body, reply->len, problem))
		acme_failure_from_refusal(&ask->failure, what, problem);
	else
		acme_failure_say(&ask->failure, NULL, "%s failed, the CA answered with status %d and no reason", what,
		                 reply->status);
	if (wait_s >= 0)
		ask->failure.not_before_s = now_s() + wait_s;
}

bool acme_ask_went_well(const struct fetch_reply *reply)
{
	return reply->status >= 200 && reply->status <= 299;
}

bool acme_ask_took(struct acme_ask *ask, const struct fetch_reply *reply, const char *url)
{
	ask->request = NULL;
	if (reply->trouble != FETCH_GOOD) {
		acme_failure_from_fetch(&ask->failure, url, reply);
		acme_ask_fail(ask, false);
		return false;
	}
	keep_nonce(ask->ca, reply->fields[ACME_NONCE]);
	if (acme_dates_agree(reply->fields[ACME_DATE], &ask->failure))
		return true;
	acme_ask_fail(ask, false);
	return false;
}

/* --- sending --------------------------------------------------------------------------------------------------- */

void acme_ask_send(struct acme_ask *ask, const struct fetch_ask *what, fetch_replied *replied)
{
	struct fetch_ask whole = *what;

	whole.ca_file = ask->ca->ca_file;
	whole.fields = fields;
	whole.timeout_ms = REPLY_MS;
	ask->request = fetch_send(ask->ca->fetch, &whole, replied, ask);
}

bool acme_ask_again(struct acme_ask *ask, const struct acme_problem *problem)
{
	if (strcmp(problem->type, "badNonce") != 0 || ++ask->nonce_tries > NONCE_TRIES)
		return false;
	ask->go_on(ask);
	return true;
}

void acme_ask_post(struct acme_ask *ask, const char *url, const char *payload, bool by_key, fetch_replied *replied)
{
	struct acme_ca *ca = ask->ca;
	char *nonce = ca->nonces[--ca->nonce_count];
	const struct jws_head head = {.kid = by_key ? NULL : ca->account, .nonce = nonce, .url = url};
	char *message = jws_sign(ca->key, &head, payload);

	acme_ask_send(ask, &(struct fetch_ask){.url = url, .body = message, .type = "application/jose+json"}, replied);
	free(message);
	free(nonce);
}
