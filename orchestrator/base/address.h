/* address: where one connects to or listens at, and networks: from text and to text. Pure; nothing is resolved.
 *
 * The one place where addresses become text and text becomes addresses.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

struct address {
	struct sockaddr_storage addr;
	socklen_t len;
};

/* "1.2.3.4:80", "[::1]:80", ":80" (any IPv4 address). */
bool address_parse(const char *text, struct address *address);

/* An IP address as text, without brackets, and a port. False: host is no IP address. */
bool address_of_host(const char *host, int port, struct address *address);

/* A unix socket's path. False: it is longer than a socket's path may be. */
bool address_of_path(const char *path, struct address *address);

#define ADDRESS_TEXT_SIZE 128 /* bytes: more than any address takes */

/* "127.0.0.1:80", "[::1]:80", "unix:/run/x", "unix:@abstract", "unix:" of a socket without a name; "family 16" of what is
 * neither IP nor unix. For people and logs; address_parse reads those of IP. */
void address_format(const struct address *address, char text[ADDRESS_TEXT_SIZE]);

/* The address without its port, "10.0.0.1" or "fd00::1"; IPv4 in IPv6 (RFC 4291 section 2.5.5.2) as IPv4; "" where it is
 * no IP address. */
void address_format_host(const struct sockaddr *addr, char text[INET6_ADDRSTRLEN]);

/* IPv4 as ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2). False: it is no IP address, and out is left as it was. */
bool address_to_v6(const struct sockaddr *addr, struct in6_addr *out);

void address_set_port(struct address *address, int port); /* of an IP address */

/* 0.0.0.0 and :: become the loopback address of their family: where one connects to what listens there. */
void address_make_reachable(struct address *address);

bool address_is_loopback(const struct address *address);

/* "10.0.0.0/8", "::1/128", or an address alone. Bits behind the prefix are ignored. */
struct network {
	struct in6_addr base; /* IPv4 as ::ffff:a.b.c.d */
	unsigned bits;        /* of the 128 */
};

bool network_parse(const char *text, struct network *network);
bool network_has(const struct network *network, const struct sockaddr *addr);

struct networks { /* owned */
	struct network *items;
	size_t count;
};

/* What was there before goes; texts that are no network are left out. */
void networks_read(struct networks *networks, char *const *texts, size_t count);
void networks_clear(struct networks *networks);
bool networks_have(const struct networks *networks, const struct sockaddr *addr);
