/* revision: what the containers of one service are made from, in one version; its own copy, so that it outlives the
 * configuration it came from and a roll can go back to it. Counted: each container holds the one that it is made from.
 */
#pragma once

#include "orchestrator/config/config.h"

struct revision {
	unsigned refs;
	unsigned number;         /* unique within the service; a container of another number is to be rolled */
	struct engine_spec spec; /* points into the members below */
	struct strings command, publish, volumes, env;
	char hash[ENGINE_SPEC_SIZE];
	int first_port;
	int roll_port;    /* for the stand-in of a roll; 0 = nothing is published */
	bool deaf_logged; /* the log says that its containers do not heed SIGTERM */
};

/* One reference. */
struct revision *revision_new(const struct config *config, const struct config_service *service,
                              const unsigned char key[CONFIG_KEY_SIZE], unsigned number);
/* The same text under another number, so that what it was made into is made anew. One reference. */
struct revision *revision_again(const struct revision *revision, unsigned number);

struct revision *revision_ref(struct revision *revision);
void revision_unref(struct revision *revision); /* NULL is fine */

/* Would both make the same containers? */
bool revision_same(const struct revision *a, const struct revision *b);
int revision_port(const struct revision *revision, int slot); /* host port of a slot; 0 = none */

/* Of newest, what makes no other containers: the port of a roll's stand-in, which moves with scale.max, and the time that
 * containers made from now on have to end. */
void revision_take_over(struct revision *revision, const struct revision *newest);
