/* http1: the kind of connection that speaks HTTP/1.x: requests are read strictly (message, gate) one after the other, and
 * replies are framed for the client that asked: by length, by chunks, or by the end of the connection.
 *
 * One turn at a time. What comes behind the request in work waits, bounded.
 */
#pragma once

struct conns;
struct sockaddr;

/* Takes the connected, non-blocking socket over. peer: its address. */
void http1_open(struct conns *conns, int fd, const struct sockaddr *peer);

/* At the end of the process: turns are kept for the next request. */
void http1_free_spares(void);
