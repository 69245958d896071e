/* fake_fetch: stands in for base/fetch: a CA that answers what the test wrote down, in that order, and notes what it was asked. */
#pragma once

#include "orchestrator/base/fetch.h"

struct event_base;

struct fake_reply {
	enum fetch_trouble trouble;
	int status;
	const char *body, *nonce, *location, *retry_after, *date; /* NULL: none */
};

/* Of the test's, one at a time. */
struct fetch *fake_fetch_open(struct event_base *base);
void fake_fetch_close(void);

/* The next request must be for this URL, and is answered so. Texts live until the end. */
void fake_fetch_expect(const char *url, struct fake_reply reply);

/* Turns the loop until all that was expected was asked and answered. */
void fake_fetch_run(void);

/* How many are expected still. */
size_t fake_fetch_left(void);

/* The last request's protected head and payload, decoded; "" for a GET or HEAD. Live until the next call. */
const char *fake_fetch_head(void);
const char *fake_fetch_payload(void);

/* The usual beginning: directory, nonce, account. */
void fake_fetch_expect_account(void);

#define FAKE_CA "https://ca.example/directory"
#define FAKE_NONCE "https://ca.example/nonce"
#define FAKE_ACCOUNT "https://ca.example/account"
#define FAKE_ORDER "https://ca.example/order"
#define FAKE_RENEWAL "https://ca.example/renewal"
#define FAKE_DIRECTORY                                                                                    \
	"{\"newNonce\":\"" FAKE_NONCE "\",\"newAccount\":\"" FAKE_ACCOUNT "\",\"newOrder\":\"" FAKE_ORDER \
	"\",\"renewalInfo\":\"" FAKE_RENEWAL                                                              \
	"\",\"meta\":{\"termsOfService\":\"https://ca.example/terms\",\"profiles\":{\"short\":\"x\"}}}"
#define FAKE_PROBLEM(type, detail) "{\"type\":\"urn:ietf:params:acme:error:" type "\",\"detail\":\"" detail "\"}"
