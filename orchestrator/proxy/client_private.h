/* client_private: the client's insides, for the three files that are it: client.c (its life), client_read.c (bytes in,
 * requests out) and client_write.c (replies out). Nobody else includes this.
 */
#pragma once

#include "common/clock.h"
#include "orchestrator/proxy/client.h"
#include "orchestrator/proxy/front.h"
#include "orchestrator/base/defer.h"
#include "orchestrator/wire/message.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <netinet/in.h>

#define CLIENT_INPUT_MAX 65536 /* bytes read ahead of a request in work */
#define CLIENT_SILENT_US 50000 /* the next request of a busy client comes sooner */

enum client_state { CLIENT_IDLE, CLIENT_HEAD, CLIENT_BODY, CLIENT_BUSY, CLIENT_TUNNEL, CLIENT_LINGER };

struct client {
	struct front *front;
	struct front_link link;
	struct front_link idle; /* in the front's ring while it is silent */
	int fd;
	enum client_state state;
	bool reading_paused;
	bool ended;  /* it has closed its sending side */
	bool mute;   /* tunnel: we close ours, once `out` is written */
	bool begun;  /* of the reply something is sent, or waits in `out` */
	bool ending; /* the reply is complete, its last bytes are not written yet */
	bool close;  /* after this reply */
	bool broken; /* a write failed */
	bool trusted;
	bool over;
	char address[INET6_ADDRSTRLEN];
	struct message message;
	struct request *request;
	struct body body; /* its bytes are counted with front_buffer until the request is over */
	int64_t lingered;
	int64_t idle_timeout_ms; /* of the request in work */
	int64_t silent_since_us; /* IDLE: the last reply's end, or its coming */
	struct buf input;
	struct buf out;
	struct event readable;
	struct event *writable; /* NULL until first needed */
	struct deadline deadline;
	struct deferred deferred;
	struct client_peer peer;
	void *peer_arg;
};

static inline const struct config *client_config(const struct client *client)
{
	return front_settings(client->front)->config;
}

static inline void client_set_deadline(struct client *client, int64_t timeout_ms)
{
	deadline_set(&client->deadline, clock_recent_us() + timeout_ms * 1000);
}

/* client.c */

/* From now on it is IDLE: first it is waited for as for a busy client. */
void client_rest(struct client *client);

/* Frees the request, and what was counted for its body. */
void client_drop_request(struct client *client);

/* A write failed, or the like: the connection is closed in a later turn. */
void client_mark_broken(struct client *client);

/* The same with a reset: the client must not take what it has for the whole. */
void client_mark_cut(struct client *client);

/* A connection may idle for long: what an empty buffer needed once is given back. */
void client_shrink(struct buf *buf);

/* client_read.c */

void client_on_readable(evutil_socket_t fd, short what, void *arg);

/* What was read ahead is the next request, or the start of it. */
void client_read_kept(struct client *client);

/* client_write.c */

/* Says why, once, and then only listens until the client has heard. */
void client_refuse(struct client *client, int status, const char *detail);

/* The same while the head is being read, or as what it brought cannot be read; head: what there is of it. */
void client_refuse_unread(struct client *client, int status, const char *detail, struct http_text head);
