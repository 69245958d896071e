/* client: one connection from a client.
 *
 * The socket is read strictly (message, gate), and what must be sent on is kept. Replies are written straight to the
 * socket: so a request costs four system calls and no change of the poll set, and the client's leaving is seen while a
 * backend works.
 *
 * Ownership: the client object belongs to its connection and goes with it, at the end of the loop's turn. The request
 * belongs to the client and lives until client_end or on_gone.
 */
#pragma once

#include "orchestrator/proxy/problem.h"
#include "orchestrator/proxy/request.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct body;
struct client;
struct front;
struct front_link;
struct sockaddr;

/* Whoever answers the request: an exchange, or a tunnel. */
struct client_peer {
	void (*on_drained)(void *arg);                             /* after CLIENT_SLOW: all was written */
	void (*on_gone)(void *arg);                                /* use client and request no more */
	void (*on_bytes)(const char *data, size_t len, void *arg); /* tunnel: what the client sent */
	void (*on_ended)(void *arg);                               /* tunnel: it sends nothing more */
};

void client_set_peer(struct client *client, const struct client_peer *peer, void *arg);

/* How long the client may leave bytes of the reply unread; until the reply is over. */
void client_set_idle_timeout(struct client *client, int64_t timeout_ms);

/* The client's address as text; lives as long as the client. */
const char *client_address(const struct client *client);

enum client_write { CLIENT_SENT, CLIENT_SLOW, CLIENT_GONE };

/* Writes, or keeps a copy of what the socket does not take (then CLIENT_SLOW: stop until on_drained). After CLIENT_GONE
 * on_gone follows in a later turn. */
enum client_write client_write(struct client *client, const struct iovec *iov, int count);

/* The reply is complete; the request is freed. close: and so is the connection. */
void client_end(struct client *client, bool close);

/* The reply cannot be completed: the connection is reset, so that nobody takes the part for the whole. on_gone is not
 * called. */
void client_abort(struct client *client);

/* From now on bytes go to on_bytes as they come, and their end to on_ended. What came behind the request is given at
 * once. */
void client_tunnel(struct client *client);

/* Tunnel: nothing more is written. The client hears it behind what was, and may go on sending. */
void client_end_writing(struct client *client);
void client_pause_reading(struct client *client);
void client_resume_reading(struct client *client);

/* --- for front ------------------------------------------------------------------------------------------------- */

/* Takes the connected, non-blocking socket over. peer: its address. */
void client_new(struct front *front, int fd, const struct sockaddr *peer);

/* Closes the connection at once, whatever is in work. */
void client_close(struct client *client);

/* The same, for the orchestrator ends: a reply that is not whole is cut. */
void client_leave(struct client *client);
struct client *client_of_link(struct front_link *link);

/* Closes an idle connection for a newcomer; it stays, and is idle no longer, if its next request is there already. */
void client_yield(struct front_link *idle);

/* Refuses the request whose body this is, so that others find room. */
void client_make_room(struct body *body);

/* No further request is waited for: a connection on which nothing has come is closed a moment later, one that is in work
 * when its reply has been sent. */
void client_last_call(struct client *client);
