/* tls_tickets: the keys that session tickets are sealed with (RFC 5077, RFC 8446 section 4.6.1): two, the newer seals, both
 * open. A new one comes every 12 hours, and what the older sealed is worthless then.
 *
 * With a file they outlive the process: clients resume with the next one. It is for a directory that does not outlive the
 * machine's being on (mode 0600); whoever reads it can read the traffic of sessions that were resumed.
 */
#pragma once

#include "common/err.h"

#include <openssl/types.h>
#include <stdint.h>

struct event_base;
struct tls_tickets;

#define TLS_TICKET_LIFE_S 43200 /* of a key, before the next one seals */

/* path: the file, NULL: none. What it has is taken if it is young enough. What cannot be read or written is logged: then the
 * keys are new, or end with the process. */
struct tls_tickets *tls_tickets_new(struct event_base *base, const char *path);

/* The keys are wiped; the file stays. NULL is fine. */
void tls_tickets_free(struct tls_tickets *tickets);

/* Seals (seal true) or opens a ticket, as SSL_CTX_set_tlsext_ticket_key_evp_cb wants it from its callback. */
int tls_tickets_use(struct tls_tickets *tickets, unsigned char name[16], unsigned char *iv, EVP_CIPHER_CTX *cipher,
                    EVP_MAC_CTX *mac, int seal);
