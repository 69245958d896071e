/* acme_order: what the order's status says is to be done is done, and the order looked at again, until it is over.
 *
 *   newOrder -> begun ... go_on -> LOOK
 *   LOOK: pending -> authorization by authorization: AUTHORIZE: pending -> challenge put, ANSWER -> AUTHORIZE again, later
 *         ready -> FINALIZE -> LOOK     processing -> LOOK again, later     valid -> DOWNLOAD -> ended
 *         invalid -> ended, but for a reason that an authorization may know: AUTHORIZE
 *
 * Invariant: it waits for one thing at a time: an ask, the timer, go_on, or to be freed.
 */
#include "orchestrator/certs/acme_order.h"

#include "common/clock.h"
#include "common/mem.h"
#include "orchestrator/base/timer.h"
#include "orchestrator/certs/acme_preflight.h"
#include "orchestrator/certs/acme_wish.h"
#include "orchestrator/certs/challenges.h"
#include "orchestrator/certs/csr.h"
#include "orchestrator/certs/tls_challenges.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_AGAIN_S 1
#define LOOK_AGAIN_MAX_S 60
#define WHOLE_US (300 * INT64_C(1000000)) /* from here to the chain */

enum step { STEP_NEW, STEP_LOOK, STEP_AUTHORIZE, STEP_ANSWER, STEP_FINALIZE, STEP_DOWNLOAD, STEPS };

struct acme_order {
	struct acme_order_settings settings;
	struct acme_ask *ask;
	struct timer *again;
	enum step step;
	char *url; /* its own */
	struct acme_order_state state;
	size_t authorization; /* index of the one at hand */
	char *token;          /* that the CA may ask for; NULL: none */
	enum acme_challenge_kind
	        kind; /* by which the one at hand is proven; ACME_CHALLENGE_KINDS: it was not chosen yet */
	bool proven;  /* all authorizations are valid */
	bool finalized;
	int64_t until_us;
	struct acme_preflight *preflight;
	struct acme_failure failure;
};

static void take_new(struct acme_order *order, const struct acme_answer *answer);
static void take_look(struct acme_order *order, const struct acme_answer *answer);
static void take_authorization(struct acme_order *order, const struct acme_answer *answer);
static void take_answer(struct acme_order *order, const struct acme_answer *answer);
static void take_download(struct acme_order *order, const struct acme_answer *answer);

static const struct {
	const char *what; /* failed */
	void (*take)(struct acme_order *order, const struct acme_answer *answer);
} steps[STEPS] = {
        [STEP_NEW] = {"ordering", take_new},
        [STEP_LOOK] = {"the order", take_look},
        [STEP_AUTHORIZE] = {"the proof that this machine has the host", take_authorization},
        [STEP_ANSWER] = {"the proof that this machine has the host", take_answer},
        [STEP_FINALIZE] = {"the order", take_look},
        [STEP_DOWNLOAD] = {"fetching the certificate", take_download},
};

/* --- ends ------------------------------------------------------------------------------------------------------ */

static void forget_token(struct acme_order *order)
{
	if (order->token != NULL && order->kind == ACME_TLS_ALPN_01)
		tls_challenges_take(order->settings.tls_challenges, order->settings.host);
	else if (order->token != NULL)
		challenges_take(order->settings.challenges, order->token);
	free(order->token);
	order->token = NULL;
}

static void end(struct acme_order *order, const char *chain, bool lost)
{
	bool proof = chain != NULL || (lost && (order->step == STEP_AUTHORIZE || order->step == STEP_ANSWER));
	const struct acme_order_end what = {.chain = chain,
	                                    .failure = chain == NULL ? &order->failure : NULL,
	                                    .lost = lost,
	                                    .proof = proof ? order->kind : ACME_CHALLENGE_KINDS};

	forget_token(order);
	order->settings.ended(&what, order->settings.arg);
}

/* The CA has judged. kind: a proof by that one; ACME_CHALLENGE_KINDS: something else. */
static void end_judged(struct acme_order *order, enum acme_challenge_kind kind, const struct acme_problem *problem)
{
	static const struct acme_problem none = {.type = "?", .detail = "it says no reason"};
	const struct acme_problem *said = problem->type[0] != '\0' ? problem : &none;

	if (kind != ACME_CHALLENGE_KINDS)
		acme_failure_from_proof(&order->failure, kind, said);
	else
		acme_failure_from_problem(&order->failure, steps[order->step].what, said);
	if (order->failure.ours)
		acme_failure_add(&order->failure, acme_preflight_text(order->preflight));
	end(order, NULL, true);
}

/* By which challenge it was not proven the authorization says, where an earlier process answered: nothing is learnt of that. */
static void end_not_proven(struct acme_order *order, const struct acme_authorization *authorization)
{
	bool earlier = order->kind == ACME_CHALLENGE_KINDS;

	end_judged(order, earlier ? authorization->failed : order->kind, &authorization->problem);
}

static void end_strange(struct acme_order *order, const char *why)
{
	acme_failure_say(&order->failure, NULL, "%s failed, what the CA answered is not understood: %s",
	                 steps[order->step].what, why);
	end(order, NULL, true);
}

/* --- asking ---------------------------------------------------------------------------------------------------- */

static void on_answer(const struct acme_answer *answer, void *arg)
{
	struct acme_order *order = arg;

	order->ask = NULL;
	if (answer->failure == NULL) {
		steps[order->step].take(order, answer);
		return;
	}
	order->failure = *answer->failure;
	end(order, NULL, answer->refused);
}

static void ask(struct acme_order *order, enum step step, const char *url, const char *payload)
{
	order->step = step;
	order->ask = acme_ca_ask(order->settings.ca, url, payload, on_answer, order);
}

static void look(struct acme_order *order)
{
	ask(order, STEP_LOOK, order->url, "");
}

static void authorize(struct acme_order *order)
{
	ask(order, STEP_AUTHORIZE, order->state.authorizations[order->authorization], "");
}

static void on_again(void *arg)
{
	struct acme_order *order = arg;

	if (order->step == STEP_AUTHORIZE || order->step == STEP_ANSWER)
		authorize(order);
	else
		look(order);
}

/* As the CA likes it, within bounds; an order that takes too long is left for later. */
static void wait(struct acme_order *order, int64_t retry_after_s)
{
	int64_t wait_s = retry_after_s >= LOOK_AGAIN_S ? retry_after_s : LOOK_AGAIN_S;

	if (wait_s > LOOK_AGAIN_MAX_S)
		wait_s = LOOK_AGAIN_MAX_S;
	if (clock_us() + wait_s * 1000000 < order->until_us) {
		timer_set(order->again, wait_s * 1000000);
		return;
	}
	acme_failure_say(&order->failure, NULL, "%s is not done: the CA takes its time", steps[order->step].what);
	end(order, NULL, false);
}

/* --- the order ------------------------------------------------------------------------------------------------- */

static bool read_state(struct acme_order *order, const struct acme_answer *answer)
{
	struct err err;

	acme_reply_order_clear(&order->state);
	order->authorization = 0;
	if (acme_reply_order(answer->body, answer->len, &order->state, &err))
		return true;
	end_strange(order, err.message);
	return false;
}

static void take_new(struct acme_order *order, const struct acme_answer *answer)
{
	if (!acme_reply_is_url(answer->location)) {
		end_strange(order, answer->location == NULL ? "the order has no Location"
		                                            : "the order's Location is no https URL");
		return;
	}
	free(order->url);
	order->url = mem_dup(answer->location);
	if (read_state(order, answer))
		order->settings.begun(order->url, order->settings.arg);
}

static void finalize(struct acme_order *order, int64_t retry_after_s)
{
	if (order->finalized) {
		wait(order, retry_after_s);
		return;
	}
	char *csr = csr_make(order->settings.key, order->settings.host);
	char *payload = mem_format("{\"csr\":\"%s\"}", csr);
	order->finalized = true;
	ask(order, STEP_FINALIZE, order->state.finalize, payload);
	free(payload);
	free(csr);
}

static void go_by_state(struct acme_order *order, int64_t retry_after_s)
{
	switch (order->state.status) {
	case ACME_PENDING:
		if (order->proven)
			wait(order, retry_after_s); /* the order has not heard of it yet */
		else
			authorize(order);
		break;
	case ACME_READY:
		finalize(order, retry_after_s);
		break;
	case ACME_PROCESSING:
		wait(order, retry_after_s);
		break;
	case ACME_VALID:
		ask(order, STEP_DOWNLOAD, order->state.certificate, "");
		break;
	case ACME_INVALID:
	case ACME_STATUSES:
		if (order->state.problem.type[0] == '\0' && !order->proven)
			authorize(order); /* the reason stands there, then */
		else
			end_judged(order, ACME_CHALLENGE_KINDS, &order->state.problem);
		break;
	}
}

static void take_look(struct acme_order *order, const struct acme_answer *answer)
{
	if (read_state(order, answer))
		go_by_state(order, answer->retry_after_s);
}

void acme_order_go_on(struct acme_order *order)
{
	go_by_state(order, -1);
}

/* --- authorizations -------------------------------------------------------------------------------------------- */

static const struct acme_offer *choose(struct acme_order *order, const struct acme_authorization *authorization)
{
	for (size_t i = 0; i < order->settings.kind_count; i++) {
		enum acme_challenge_kind kind = order->settings.kinds[i];
		if (authorization->offers[kind].token == NULL)
			continue;
		order->kind = kind;
		return &authorization->offers[kind];
	}
	return NULL;
}

static void put_challenge(struct acme_order *order, const struct acme_authorization *authorization)
{
	const struct acme_offer *offer = choose(order, authorization);

	if (offer == NULL) {
		end_strange(order, "it offers none of the challenges that can be answered here (acme.challenges)");
		return;
	}
	char *answer = acme_ca_key_authorization(order->settings.ca, offer->token);
	order->token = mem_dup(offer->token);
	if (order->kind == ACME_TLS_ALPN_01)
		tls_challenges_put(order->settings.tls_challenges, order->settings.host, answer);
	else
		challenges_put(order->settings.challenges, order->token, answer);
	free(answer);
	ask(order, STEP_ANSWER, offer->url, "{}");
}

static void next_authorization(struct acme_order *order)
{
	forget_token(order);
	if (++order->authorization < order->state.authorization_count) {
		authorize(order);
		return;
	}
	order->proven = true;
	look(order);
}

static void go_by_authorization(struct acme_order *order, const struct acme_authorization *authorization,
                                int64_t retry_after_s)
{
	if (authorization->status == ACME_VALID)
		next_authorization(order);
	else if (authorization->status != ACME_PENDING || order->state.status == ACME_INVALID)
		end_not_proven(order, authorization);
	else if (order->token != NULL)
		wait(order, retry_after_s);
	else
		put_challenge(order, authorization);
}

static void take_authorization(struct acme_order *order, const struct acme_answer *answer)
{
	struct acme_authorization authorization;
	struct err err;

	if (!acme_reply_authorization(answer->body, answer->len, &authorization, &err)) {
		end_strange(order, err.message);
		return;
	}
	go_by_authorization(order, &authorization, answer->retry_after_s);
	acme_reply_authorization_clear(&authorization);
}

/* The CA will come for it; how that went the authorization says. */
static void take_answer(struct acme_order *order, const struct acme_answer *answer)
{
	wait(order, answer->retry_after_s);
}

/* --- the certificate ------------------------------------------------------------------------------------------- */

static void take_download(struct acme_order *order, const struct acme_answer *answer)
{
	end(order, answer->body, true);
}

/* --- life ------------------------------------------------------------------------------------------------------ */

struct acme_order *acme_order_new(const struct acme_order_settings *settings)
{
	struct acme_order *order = mem_zero(sizeof(*order));

	order->settings = *settings;
	order->again = timer_new_of_clients(settings->base, on_again, order);
	order->kind = ACME_CHALLENGE_KINDS;
	order->until_us = clock_us() + WHOLE_US;
	order->settings.profile = order->settings.replaces = order->settings.url = NULL;
	order->preflight = acme_preflight_new(settings->lookups, settings->host);
	order->url = mem_dup(settings->url);
	if (order->url != NULL) {
		look(order);
		return order;
	}
	const struct acme_wish wish = {
	        .host = settings->host, .profile = settings->profile, .replaces = settings->replaces};
	order->step = STEP_NEW;
	order->ask = acme_ca_order(settings->ca, &wish, on_answer, order);
	return order;
}

void acme_order_free(struct acme_order *order)
{
	if (order == NULL)
		return;
	if (order->ask != NULL)
		acme_ca_cancel(order->ask);
	forget_token(order);
	timer_free(order->again);
	acme_preflight_free(order->preflight);
	acme_reply_order_clear(&order->state);
	free(order->url);
	free(order);
}
