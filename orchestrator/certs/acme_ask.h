/* acme_ask: a request to a CA under way: what it consists of, what it sends, and how it ends. For acme_ca and what it stands on; others ask
 * by way of acme_ca.
 */
#pragma once

#include "orchestrator/certs/acme_answer.h"
#include "orchestrator/certs/acme_reply.h"

#include <openssl/types.h>

#define ACME_NONCES_KEPT 4

enum acme_field { ACME_NONCE, ACME_LOCATION, ACME_RETRY_AFTER, ACME_DATE };

struct acme_ca {
	struct fetch *fetch;
	EVP_PKEY *key;
	char *directory_url, *ca_file, *email, *eab_kid, *eab_key;
	struct acme_directory directory;
	bool has_directory;
	char *account;     /* its URL; NULL: not known */
	bool address_told; /* the account has this email */
	char *nonces[ACME_NONCES_KEPT];
	size_t nonce_count;
};

struct acme_ask {
	struct acme_ca *ca;
	char *url;                       /* NULL: newOrder, of what is wished for; or nothing more */
	char *host, *profile, *replaces; /* see acme_wish */
	char *payload;                   /* NULL: nothing more is wanted than an account with our address */
	acme_answered *answered;
	void *arg;
	void (*go_on)(struct acme_ask *ask); /* whatever is next */
	struct fetch_request *request;
	unsigned nonce_tries, account_tries;
	struct acme_failure failure;
};

/* It is over: the answer is told. With its failure; refused: see acme_answer. Or untold: nothing is under way. */
void acme_ask_end(struct acme_ask *ask, const struct acme_answer *answer);
void acme_ask_fail(struct acme_ask *ask, bool refused);
void acme_ask_free(struct acme_ask *ask);

/* True: a reply came, and the clocks agree. Else the ask is over. url: of whom. */
bool acme_ask_took(struct acme_ask *ask, const struct fetch_reply *reply, const char *url);

/* True: the ask goes on, with another nonce. */
bool acme_ask_again(struct acme_ask *ask, const struct acme_problem *problem);

/* As it is; and signed. by_key: the account is not known yet. */
void acme_ask_send(struct acme_ask *ask, const struct fetch_ask *what, fetch_replied *replied);
void acme_ask_post(struct acme_ask *ask, const char *url, const char *payload, bool by_key, fetch_replied *replied);

/* The ask's failure: what was answered is none of what was asked for; or an error, which problem has then, too. */
void acme_ask_say_strange(struct acme_ask *ask, const char *what, const char *why);
void acme_ask_say_refused(struct acme_ask *ask, const char *what, const struct fetch_reply *reply,
                          struct acme_problem *problem);

bool acme_ask_went_well(const struct fetch_reply *reply);
