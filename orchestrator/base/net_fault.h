/* net_fault: what an error of a socket says, and of whom: of the peer, or of this host. One table for everybody who connects
 * to a container (the probe, and the connection that carries requests), so that both judge an error alike.
 */
#pragma once

#include <stdbool.h>

enum net_fault {
	NET_FAULT_REFUSED, /* nobody listens there, or there is no way to it */
	NET_FAULT_RESET,   /* the peer ended the connection */
	NET_FAULT_TIMEOUT, /* the kernel gave up waiting for the peer */
	NET_FAULT_OURS /* this host could not ask: no descriptor, port, memory or right; says nothing about the peer */
};

/* error: the errno of socket, connect, send or recv, or the value of SO_ERROR; not 0, EAGAIN, EINTR or EINPROGRESS, which are
 * no faults. An error that the table does not name is ours. */
enum net_fault net_fault(int error);

/* The same in words that stand before the peer's address: "connection refused at". NULL where it is ours: strerror says more. */
const char *net_fault_words(int error);

/* There is no way to the peer, or nobody at its end: other than refused by the peer's host, which is there. */
bool net_fault_is_of_the_way(int error);
