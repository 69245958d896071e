/* greeting: connections on the addresses that speak TLS, until their handshake is done: then each becomes a connection of the
 * kind that the client chose, which spends what is left of head_timeout_ms on its first head.
 *
 * One that has not finished counts as idle: it is closed for a newcomer where there is no room. No client may begin or have
 * open more than its share (see crowd). A client that speaks HTTP without TLS becomes a connection, too, to be told so.
 */
#pragma once

#include "common/err.h"
#include "orchestrator/proxy/conns.h"

struct conn_socket;
struct greetings;
struct handshakes;
struct tls_server;

/* server: borrowed, as long as there are greetings. */
struct greetings *greetings_new(struct conns *conns, struct tls_server *server);

/* Behind conns_free. NULL is fine. */
void greetings_free(struct greetings *greetings);

/* Takes the socket over; no TLS is spoken on it yet. */
void greeting_open(struct greetings *greetings, const struct conn_socket *socket);

/* For what is counted. */
const struct handshakes *greetings_handshakes(const struct greetings *greetings);
