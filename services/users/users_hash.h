/* users_hash: salted, memory-hard password hashes, computed on threads of their own. */
#pragma once

#include "services/tasks.h"

struct event_base;

#define USERS_HASH_BYTES 128 /* libsodium's crypto_pwhash_STRBYTES */

struct hashing {
	struct task task; /* private */
	char password[41];
	char hash[USERS_HASH_BYTES]; /* "" if it could not be computed */
	void (*done)(struct hashing *hashing);
	void *owner;
};

bool users_hash_new(struct event_base *base, struct tasks **tasks, struct err *err) MUST_CHECK;

/* False: too many are waiting; done does not come. */
bool users_hash_add(struct tasks *tasks, struct hashing *hashing) MUST_CHECK;
