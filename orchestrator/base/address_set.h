/* address_set: IP addresses, each as often as it was added. Pure.
 *
 * For asking often and changing seldom: it is kept in order, and a question costs a search by halves.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

struct address_set;

struct address_set *address_set_new(void);
void address_set_free(struct address_set *set); /* NULL is fine */

/* IPv4 as ::ffff:a.b.c.d, as address_to_v6 gives it. An address that was added twice is in until it was removed twice. */
void address_set_add(struct address_set *set, const struct in6_addr *address);
void address_set_remove(struct address_set *set, const struct in6_addr *address); /* harmless if it is not in */
bool address_set_has(const struct address_set *set, const struct in6_addr *address);
size_t address_set_count(const struct address_set *set); /* of different ones */
