/* address: IP addresses with a port, and networks, from text.  Pure; nothing is resolved. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

struct address {
	struct sockaddr_storage addr;
	socklen_t len;
};

/* "1.2.3.4:80", "[::1]:80", ":80" (any IPv4 address). */
bool address_parse(const char *text, struct address *address);
bool address_is_loopback(const struct address *address);

/* "10.0.0.0/8", "::1/128", or an address alone. Bits behind the prefix are ignored. */
struct network {
	struct in6_addr base; /* IPv4 as ::ffff:a.b.c.d */
	unsigned bits;        /* of the 128 */
};

bool network_parse(const char *text, struct network *network);
bool network_has(const struct network *network, const struct sockaddr *addr);
