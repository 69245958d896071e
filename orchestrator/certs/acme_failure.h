/* acme_failure: why a certificate does not come, and what somebody can do about it, in words. */
#pragma once

#include "orchestrator/base/fetch.h"
#include "orchestrator/certs/acme_reply.h"

#include <stdint.h>

#define ACME_FAILURE_SIZE 1100

struct acme_failure {
	char text[ACME_FAILURE_SIZE]; /* what happened, with the CA's own words */
	const char *remedy;           /* a sentence; lives for ever */
	bool unreached;               /* nobody heard us, so trying costs nothing */
	bool ours; /* whatever CA is asked, it would fail: the host is not here, or this machine is not in order */
	int64_t not_before_s; /* the CA wants nothing more of us before (Unix time); 0: it did not say */
};

/* An error of the CA's; what: what we wanted of it, "ordering". */
void acme_failure_from_problem(struct acme_failure *failure, const char *what, const struct acme_problem *problem);

/* The same, where a request was refused, rather than what was ordered. */
void acme_failure_from_refusal(struct acme_failure *failure, const char *what, const struct acme_problem *problem);

/* The same where the CA was not shown that the host is this machine's; kind: by what. */
void acme_failure_from_proof(struct acme_failure *failure, enum acme_challenge_kind kind,
                             const struct acme_problem *problem);

/* What else is known, as a clause; "": nothing. */
void acme_failure_add(struct acme_failure *failure, const char *clause);

/* No reply came; url: of whom. */
void acme_failure_from_fetch(struct acme_failure *failure, const char *url, const struct fetch_reply *reply);

/* Whatever else, and what is ours. */
void acme_failure_say(struct acme_failure *failure, const char *remedy, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
void acme_failure_say_ours(struct acme_failure *failure, const char *remedy, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
