/* herald: connections of load balancers that speak the PROXY protocol (key proxy_protocol_from), until their header has come:
 * then each goes on as one of the client that the header names.
 *
 * The header is taken off the socket and nothing behind it, so that whoever comes next, TLS too, finds the connection as the client
 * began it. What does not begin with one within head_timeout_ms is closed. It counts as idle until then.
 */
#pragma once

#include "orchestrator/proxy/conns.h"

#include <stdint.h>

struct conn_socket;
struct heralds;

struct heralds *heralds_new(struct conns *conns);

/* Behind conns_free. NULL is fine. */
void heralds_free(struct heralds *heralds);

/* Where a connection goes on: its socket is the callee's. The herald is in the lists of conns no more. */
typedef void herald_done(const struct conn_socket *socket, void *arg);

/* Takes the connected, non-blocking socket over. peer: its address. */
void herald_open(struct heralds *heralds, int fd, const struct sockaddr *peer, herald_done *done, void *arg);
