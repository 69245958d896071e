/* acme_preflight: where DNS has a host, as this machine sees it, and whether that is here: what is said beside a proof that failed.
 * It never stops an order.
 *
 * The name is looked up on a thread, and nothing is sent to what is found. An address is this machine's where the way to it begins
 * with itself, so neither netlink nor a list of interfaces is needed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#define ACME_PREFLIGHT_SIZE 400 /* of its text */
#define ACME_PREFLIGHT_MOST 4   /* addresses that are named */

struct acme_preflight;
struct worker;

/* lookups: whose thread asks; NULL: nobody is asked, and NULL is returned. */
struct acme_preflight *acme_preflight_new(struct worker *lookups, const char *host);

/* A lookup that is under way goes on by itself. NULL is fine. */
void acme_preflight_free(struct acme_preflight *preflight);

/* A clause, "example.org points to 192.0.2.1, this machine has 198.51.100.7"; "": not known, or not yet. NULL is fine. */
const char *acme_preflight_text(const struct acme_preflight *preflight);

/* --- below it, pure -------------------------------------------------------------------------------------------- */

struct acme_preflight_place {
	struct sockaddr_storage at;   /* where DNS has it; the port is 0 */
	struct sockaddr_storage from; /* from where this machine would go there; family 0: it cannot */
};

/* count 0: the name has no address. */
void acme_preflight_say(const char *host, const struct acme_preflight_place *places, size_t count,
                        char text[ACME_PREFLIGHT_SIZE]);
