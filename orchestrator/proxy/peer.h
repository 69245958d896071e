/* peer: who is at the other end of a client's connection: what holds for all requests that come by it. */
#pragma once

#include "orchestrator/base/address.h"

#include <netinet/in.h>
#include <stdbool.h>

struct conns;
struct forward_ids;

struct peer {
	char address
	        [INET6_ADDRSTRLEN]; /* as text: the socket's, or that of its PROXY header; "" where it is not known */
	/* The socket's other end, IPv4 as ::ffff:a.b.c.d; :: where a PROXY header, which may say anything, tells whose it is. */
	struct in6_addr source;
	const struct networks
	        *trusted; /* NULL: it is believed nothing about others; else the proxies that are, it among them */
	const char *tls;  /* the version that it speaks, "1.3"; NULL: in clear. Static */
	struct forward_ids *ids; /* its requests' */
};

/* address: borrowed for the call. heralded: a PROXY header says it. tls is left as it is. */
void peer_read(struct peer *peer, struct conns *conns, const struct sockaddr *address, bool heralded);
