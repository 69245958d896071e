/* acme_reply: what an ACME server (RFC 8555) says, read strictly and bounded. Pure: text in, values out.
 *
 * A URL is one of https; a token is base64url. What is filled in is cleared by the caller with the function of its name.
 */
#pragma once

#include "common/err.h"
#include "orchestrator/base/options.h"
#include "orchestrator/config/acme_challenges.h"

#include <stdbool.h>
#include <stddef.h>

#define ACME_TYPE_SIZE 64
#define ACME_DETAIL_SIZE 400
#define ACME_AUTHORIZATIONS_MAX 4 /* one a name, and we order one name */
#define ACME_TOKEN_MAX 128
#define ACME_PROFILE_MAX 64
#define ACME_PROFILES_MAX 32

/* An error of the server's (RFC 8555 section 6.7); type is "" where there is none. */
struct acme_problem {
	char type[ACME_TYPE_SIZE];     /* behind urn:ietf:params:acme:error: ; "?" for another kind */
	char detail[ACME_DETAIL_SIZE]; /* the server's own words, visible characters */
};

struct acme_directory {
	char *new_nonce, *new_account, *new_order; /* URLs */
	char *renewal_info;                        /* URL of renewal information (RFC 9773); NULL: none is offered */
	struct strings profiles;                   /* names of the kinds of certificates that there are */
	bool binds;                                /* externalAccountRequired */
};

enum acme_status {
	ACME_PENDING,
	ACME_READY,
	ACME_PROCESSING,
	ACME_VALID,
	ACME_INVALID, /* and whatever else is over: deactivated, expired, revoked */
	ACME_STATUSES
};

struct acme_order_state {
	enum acme_status status;
	char *authorizations[ACME_AUTHORIZATIONS_MAX];
	size_t authorization_count;
	char *finalize;
	char *certificate; /* NULL: not there yet */
	struct acme_problem problem;
};

struct acme_offer {
	char *url, *token; /* both, or NULL: it is not offered */
};

struct acme_authorization {
	enum acme_status status;
	struct acme_offer offers[ACME_CHALLENGE_KINDS];
	struct acme_problem problem;     /* of a challenge that failed */
	enum acme_challenge_kind failed; /* which one; ACME_CHALLENGE_KINDS: none that we know */
};

bool acme_reply_directory(const char *text, size_t len, struct acme_directory *directory, struct err *err) MUST_CHECK;
void acme_reply_directory_clear(struct acme_directory *directory);

bool acme_reply_order(const char *text, size_t len, struct acme_order_state *order, struct err *err) MUST_CHECK;
void acme_reply_order_clear(struct acme_order_state *order);

bool acme_reply_authorization(const char *text, size_t len, struct acme_authorization *authorization,
                              struct err *err) MUST_CHECK;
void acme_reply_authorization_clear(struct acme_authorization *authorization);

/* Is this the address of an account, as the server has it, and the only one? email "": it has none. */
bool acme_reply_has_address(const char *text, size_t len, const char *email);

/* Is it a URL that we would ask something of: https, absolute, 2048 bytes at most, of visible characters? NULL is none. */
bool acme_reply_is_url(const char *text);

/* False: it is no problem document. Where subproblems say more (RFC 8555 section 6.7.1), the first one's words stand behind. */
bool acme_reply_problem(const char *text, size_t len, struct acme_problem *problem);
