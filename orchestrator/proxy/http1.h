/* http1: the kind of connection that speaks HTTP/1.x: requests are read strictly (message, gate) one after the other, and
 * replies are framed for the client that asked: by length, by chunks, or by the end of the connection.
 *
 * One turn at a time. What comes behind the request in work waits, bounded.
 */
#pragma once

struct conn_socket;
struct conns;

/* Takes the socket over, and its tls. */
void http1_open(struct conns *conns, const struct conn_socket *socket);

/* At the end of the process: turns are kept for the next request. */
void http1_free_spares(void);
