/* peers: the other orchestrators of this name. While this one leads it asks each for its counts once a second, over http with a token of
 * their own (GET /api/peer), and tells how much they have grown.
 *
 * Exact while nobody dies: counters only grow, and a boot id says when they begin anew; a peer that does not answer for a while
 * tells what it counted meanwhile as soon as it does. Who comes to lead begins with what they have then.
 */
#pragma once

#include "common/err.h"
#include "orchestrator/engine/engine.h"

#include <stdbool.h>
#include <stdint.h>

struct event_base;
struct peers;

#define PEERS_BOOT_SIZE 17 /* 16 hex digits and a NUL */

/* What a peer says of a service, since it said it last. */
struct peers_news {
	const char *service;
	uint64_t requests; /* counted there */
	bool waiting;      /* requests wait there */
	const char *spec;  /* what its file says of the containers, as label selfless.spec; "": it does not know yet */
	const char *peer;  /* its address */
};

struct peers_settings {
	struct event_base *base;
	const char *token_file; /* borrowed for the call */
	void (*on_news)(const struct peers_news *news, void *arg);
	void *arg;
};

/* Nobody is asked yet. NULL, with why in the log: there is no token. */
struct peers *peers_new(const struct peers_settings *settings);
void peers_free(struct peers *peers); /* NULL is fine */
/* These are they, as ADDRESS:PORT; of those who were before nothing is forgotten. NULL is fine. */
void peers_set(struct peers *peers, const struct strings *addresses);
const char *peers_boot(const struct peers *peers); /* ours; "": NULL */
void peers_lead(struct peers *peers, bool leads);  /* from now on they are asked, or not; NULL is fine */
