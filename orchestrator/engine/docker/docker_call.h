/* docker_call: one call to the Docker Engine, from asking to the one final answer.
 *
 * Adds to docker_http what the API needs: the negotiated version before the path, waiting for the first connection,
 * trying again where the engine says "in a moment", what counts as success, and the fault where it is none.
 */
#pragma once

#include "orchestrator/engine/docker/docker_http.h"
#include "orchestrator/engine/engine.h"

#include <stdbool.h>

struct docker_call;
struct docker_calls; /* all that are under way */
struct docker_link;

struct docker_answer {
	enum engine_fault fault;
	const char *message; /* "" when ok */
	const char *body;    /* when ok and status is 2xx, else "" */
	size_t len;
};

typedef void docker_call_done(const struct docker_answer *answer, void *arg);

/* A reply with this status that has these words in it. */
struct docker_words {
	int status; /* 0: never */
	const char *words;
};

struct docker_ask {
	const char *method;
	const char *path; /* below the version, escaped, with the query */
	const char *body; /* JSON; NULL = none */
	size_t body_len;
	int timeout_ms;
	struct docker_words fine;  /* an error reply that is as good as success */
	struct docker_words again; /* one that passes by itself: asked again until the deadline */
	/* So is a success that this does not find enough; with the call's arg. NULL: the first is. */
	bool (*enough)(const struct docker_answer *answer, void *arg);
	bool lasts;        /* it holds its connection for long, and goes where it is in nobody's way */
	const char *image; /* to name it where it is missing; NULL: none is involved */
};

/* lasting: what it has connections for is calls that last. Both are borrowed. */
struct docker_calls *docker_calls_new(struct event_base *base, struct docker_http *http, struct docker_http *lasting,
                                      struct docker_link *link);
void docker_calls_free(struct docker_calls *calls); /* what is under way is dropped */

/* Exactly one of done(answer, arg) and drop(arg) follows. ask is borrowed for the call, but for fine.words and
 * again.words, which are static. */
void docker_call(struct docker_calls *calls, const struct docker_ask *ask, docker_call_done *done,
                 void (*drop)(void *arg), void *arg);

/* The answer, in the loop's next turn, of a call that is not made: ENGINE_REFUSED for a reason of this host's. */
void docker_call_refuse(struct docker_calls *calls, const char *why, docker_call_done *done, void (*drop)(void *arg),
                        void *arg);

/* The link is up: what waits for the first connection goes now. */
void docker_calls_release(struct docker_calls *calls);
