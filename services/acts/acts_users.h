/* acts_users: does this user exist?  Asks the users service.
 *
 * Every check is answered from a list that was fetched, or found unchanged (304), by a request sent after the check
 * was made: a user deleted before the upload arrived is never trusted. Checks that come while a request is under way
 * wait for the next one and share it, so uploads cost at most one small request at a time. Failures are tried again
 * until a check's own time is up.
 */
#pragma once

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct event_base;
struct acts_users;

enum user_answer { USER_KNOWN, USER_UNKNOWN, USERS_UNREACHABLE };

struct user_check {
	const char *name; /* borrowed until done */
	size_t len;
	void (*done)(struct user_check *check, enum user_answer answer); /* never before acts_users_check returns */
	int64_t deadline_ms;                                             /* private, as the rest */
	TAILQ_ENTRY(user_check) link;
};

struct acts_users_options {
	const char *url;         /* "http://host[:port]" */
	int64_t timeout_ms;      /* the longest that a check takes */
	const char *resolv_conf; /* path of the file that says who resolves names; borrowed until acts_users_close */
};

/* False, with the reason, for a url that is none. */
bool acts_users_open(struct event_base *base, const struct acts_users_options *options, struct acts_users **users,
                     struct err *err) MUST_CHECK;

void acts_users_check(struct acts_users *users, struct user_check *check);

/* Answers what still waits with USERS_UNREACHABLE. NULL is fine. */
void acts_users_close(struct acts_users *users);
