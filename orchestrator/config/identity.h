/* identity: by what an orchestrator knows its own again after a restart: files in state_dir, made once (0600).
 *
 *   owner       a random id, put on each container as label selfless.owner; one a line below it: the ids of earlier owners
 *               whose containers were taken over
 *   spec.key    the key of the label selfless.spec: that hashes the environment, and what is secret there could be guessed
 *               from a hash without a key
 *
 * Where it runs as root, the files belong to whom the directory belongs to, so that another user's service can read them.
 */
#pragma once

#include "common/err.h"
#include "orchestrator/base/options.h"
#include "orchestrator/config/config.h"

struct identity {
	char *dir;
	char owner[ENGINE_OWNER_SIZE];
	struct strings taken; /* owners */
	unsigned char key[CONFIG_KEY_SIZE];
	char key_text[ENGINE_KEY_SIZE]; /* for identity_own */
};

/* Reads it, and makes what is missing. False where there can be no owner. A key that cannot be read or kept is no reason
 * to fail: a new one is made, with a warning, for it only means that containers are made anew. */
bool identity_load(const char *dir, struct identity *identity, struct err *err) MUST_CHECK;
void identity_clear(struct identity *identity);

/* May containers with this label be treated as ours? "": they have none, as all had once. */
bool identity_owns(const struct identity *identity, const char *owner);

/* Owner and key, the latter in hex digits; borrowed until identity_share, identity_clear. */
struct engine_shared identity_own(struct identity *identity);

/* From now on, and after restarts, these are ours, and containers of the former owner stay ours. A file that cannot be written is
 * warned of: what the engine keeps is told anew at each start. */
void identity_share(struct identity *identity, const struct engine_shared *shared);

/* From now on, and after restarts, that owner's containers are ours, too. */
bool identity_take_over(struct identity *identity, const char *owner, struct err *err) MUST_CHECK;
