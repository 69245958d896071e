/* front: where clients come in: the listeners, the limit on connections, what happens when descriptors run out. Hands
 * each complete request to on_request, which answers through client.h.
 */
#pragma once

#include "common/err.h"
#include "orchestrator/config/config.h"
#include "orchestrator/base/defer.h"
#include "orchestrator/proxy/bodies.h"
#include "orchestrator/proxy/client.h"
#include "orchestrator/base/deadline.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct event_base;
struct front;

struct front_settings {
	struct event_base *base;
	struct deadlines *deadlines;
	struct defer *defer;
	const struct config *config; /* borrowed */
	/* Answers now or later; peer is to be set before it returns, unless the reply ended. */
	void (*on_request)(struct client *client, struct request *request, void *arg);
	/* A request was refused by us while it was read; request_id: the one that came, or a new one. */
	void (*on_refused)(struct client *client, const char *request_id, int status, void *arg);
	void *arg;
	/* A listening socket that was handed to this process for an address, or -1; may be NULL. Its owner is the front. */
	int (*inherited)(const char *address, void *arg);
	void *inherited_arg;
};

bool front_new(const struct front_settings *settings, struct front **front, struct err *err) MUST_CHECK;

/* Closes every connection at once. */
void front_free(struct front *front);

/* Another configuration: limits and timeouts for what comes from now on; the addresses stay. */
void front_reload(struct front *front, const struct config *config);

/* Stops listening; replies from now on close their connection; idle connections stay for one more request. */
void front_drain(struct front *front);
bool front_is_draining(const struct front *front);
unsigned front_connections(const struct front *front);

/* --- for client ------------------------------------------------------------------------------------------------ */

/* Embedded in each client. */
struct front_link {
	struct front_link *prev, *next;
};

const struct front_settings *front_settings(const struct front *front);
void front_register(struct front *front, struct front_link *link);
void front_forget(struct front *front, struct front_link *link);

/* It is between two requests and silent: where a place is wanted, the one that has been so longest is closed. */
void front_idle(struct front *front, struct front_link *idle);
void front_wake(struct front *front, struct front_link *idle); /* harmless if it is not idle */
bool front_is_trusted(const struct front *front, const struct sockaddr *peer);

/* Bytes of bodies, and of heads that wait, kept in memory over all clients. Where they would pass max_buffered_bytes the
 * slowest bodies are refused to make room. asker: the body they are for, NULL for none. */
enum front_room {
	FRONT_ROOM,
	FRONT_FULL,   /* and all that is there comes fast, or is whole: nothing was counted */
	FRONT_SLOWEST /* the asker's body is the one that would have to go: nothing was counted */
};
enum front_room front_buffer(struct front *front, int64_t bytes, const struct body *asker);
void front_release(struct front *front, int64_t bytes);
struct bodies *front_bodies(struct front *front);
