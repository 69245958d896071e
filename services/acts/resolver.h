/* resolver: an evdns base that does what resolv.conf says now, not what it said when the program started.
 *
 * A container is given its networks, and taken out of them, while it runs; each time Docker writes its resolv.conf anew.
 * Answers are not kept: whoever connects asks again. Everything happens on the loop, and nothing blocks it.
 */
#pragma once

struct event_base;
struct evdns_base;
struct resolver;

/* path: resolv.conf; borrowed, as long as the resolver is there. It may be missing, then and later. */
struct resolver *resolver_new(struct event_base *base, const char *path);

/* For connecting; the resolver's own, and the same one until resolver_free. */
struct evdns_base *resolver_dns(struct resolver *resolver);

/* Before a connection is made: reads the file again if it is not the one that was read. */
void resolver_follow(struct resolver *resolver);

/* After a failure: reads the file again in any case, and asks from new sockets. */
void resolver_renew(struct resolver *resolver);

/* NULL is fine. */
void resolver_free(struct resolver *resolver);
