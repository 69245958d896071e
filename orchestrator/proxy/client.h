/* client: one connection from a client.
 *
 * The connection belongs to evhttp, and evhttp is kept from everything that outside bytes could do to it: its bufferevent
 * never reads. We read the socket, strictly (message, gate), keep what must be sent on, and once a request is complete
 * give evhttp a head of ours, "GET / HTTP/1.1". It then hands over its evhttp_request, which stands for "a reply is
 * owed" until client_end. Replies are written straight to the socket.
 * So no two parsers can disagree about a request, any method works, the client's leaving is seen while a backend works,
 * and a request costs four system calls and no change of the poll set.
 *
 * Ownership: evhttp owns the connection; the client object dies with it (at the end of the loop's turn). The request
 * belongs to the client and lives until client_end or on_gone.
 */
#pragma once

#include "orchestrator/proxy/problem.h"
#include "orchestrator/proxy/request.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

struct bufferevent;
struct client;
struct evhttp_request;
struct front;

/* Whoever answers the request: an exchange, or a tunnel. */
struct client_peer {
	void (*on_drained)(void *arg);                             /* after CLIENT_SLOW: all was written */
	void (*on_gone)(void *arg);                                /* use client and request no more */
	void (*on_bytes)(const char *data, size_t len, void *arg); /* tunnel: what the client sent */
};

void client_set_peer(struct client *client, const struct client_peer *peer, void *arg);

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

/* From now on bytes go to on_bytes as they come. What came behind the request is given at once. */
void client_tunnel(struct client *client);
void client_pause_reading(struct client *client);
void client_resume_reading(struct client *client);

/* --- for front ------------------------------------------------------------------------------------------------- */

/* Made when evhttp asks for a bufferevent; client_adopt follows in the same turn, when evhttp's side is complete. */
struct client *client_new(struct front *front, struct bufferevent *bev);
void client_adopt(struct client *client);

/* evhttp's request callback. */
void client_on_request(struct client *client, struct evhttp_request *req);
