/* conns: what all connections of clients share: the configuration and where requests go, who of them is idle, the memory
 * for bodies, and whether we are ending.
 *
 * It knows them as links only, so that connections of any kind are in the same lists and within the same limits. Connections
 * and turns (requests in work) are counted apart: one connection may have several turns.
 */
#pragma once

#include "common/http_head.h"
#include "orchestrator/base/address.h"
#include "orchestrator/base/deadline.h"
#include "orchestrator/base/defer.h"
#include "orchestrator/config/config.h"
#include "orchestrator/proxy/bodies.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct conns;
struct conns_link;
struct event_base;
struct forward_ids;
struct peer;
struct sockaddr;
struct turn;

struct conns_refused {
	const struct peer *peer;
	const char *client;              /* as for a request: see request.h */
	const char *request_id;          /* the one that came, or a new one */
	struct http_text method, target; /* as far as they could be read */
	int status;
};

struct conns_settings {
	struct event_base *base;
	struct deadlines *deadlines;
	struct defer *defer;
	const struct config *config; /* borrowed */
	/* A complete request. Answers now or later; a user is to be set before it returns, unless the turn ended. */
	void (*on_request)(struct turn *turn, void *arg);
	/* A request was refused by us while it was read. */
	void (*on_refused)(const struct conns_refused *refused, void *arg);
	void *arg;
	/* The front's: a connection has gone; conns_has_idle may say otherwise. */
	void (*on_gone)(void *front);
	void (*on_idle_changed)(void *front);
	void *front;
};

struct conns *conns_new(const struct conns_settings *settings);

/* Closes every connection at once; a reply that is not whole is cut. NULL is fine. */
void conns_free(struct conns *conns);

/* Another configuration: for what comes from now on. */
void conns_reload(struct conns *conns, const struct config *config);

/* No further request is waited for. */
void conns_drain(struct conns *conns);
struct forward_ids *conns_ids(struct conns *conns); /* of the requests of all */
bool conns_is_draining(const struct conns *conns);
unsigned conns_count(const struct conns *conns);
unsigned conns_turns(const struct conns *conns);

bool conns_has_idle(const struct conns *conns);

/* Closes the connection that has been idle longest; where its next request turns out to be there, it stays, and is idle no
 * longer. There must be one. */
void conns_yield(struct conns *conns);

/* --- for kinds of connections ---------------------------------------------------------------------------------- */

struct conns_ops {
	/* Closes the connection for good; what it was sent must not be taken for a whole reply if it is none. */
	void (*leave)(struct conns_link *link);
	/* See conns_yield. */
	void (*yield)(struct conns_link *link);
	/* Closes it in a moment if nothing is in work, else with the end of the reply. */
	void (*last_call)(struct conns_link *link);
};

/* Embedded in each connection. */
struct conns_link {
	const struct conns_ops *ops;
	TAILQ_ENTRY(conns_link) all;
	TAILQ_ENTRY(conns_link) idle;
	bool is_idle;
};

const struct conns_settings *conns_settings(const struct conns *conns);
void conns_add(struct conns *conns, struct conns_link *link, const struct conns_ops *ops);
void conns_remove(struct conns *conns, struct conns_link *link);

/* The same, but the connection goes on as another link, which is to be added at once: nobody is told. */
void conns_pass_on(struct conns *conns, struct conns_link *link);

/* It is between two requests and silent: where a place is wanted, the one that has been so longest is closed. */
void conns_idle(struct conns *conns, struct conns_link *link);
void conns_wake(struct conns *conns, struct conns_link *link); /* harmless if it is not idle */

void conns_begin_turn(struct conns *conns);
void conns_end_turn(struct conns *conns);

/* May this peer say whom it speaks for? And all who may; they stay where they are. */
bool conns_trusts(const struct conns *conns, const struct sockaddr *peer);
const struct networks *conns_trusted(const struct conns *conns);

/* Must its connections begin with a PROXY header? */
bool conns_expects_header(const struct conns *conns, const struct sockaddr *peer);

/* Bytes of bodies, and of heads that wait, kept in memory over all clients. Where they would pass max_buffered_bytes the
 * slowest bodies are evicted to make room. asker: the body they are for, NULL for none. */
enum conns_room {
	CONNS_ROOM,
	CONNS_FULL,   /* and all that is there comes fast, or is whole: nothing was counted */
	CONNS_SLOWEST /* the asker's body is the one that would have to go: nothing was counted */
};
enum conns_room conns_buffer(struct conns *conns, int64_t bytes, const struct body *asker);
void conns_release(struct conns *conns, int64_t bytes);
struct bodies *conns_bodies(struct conns *conns);
