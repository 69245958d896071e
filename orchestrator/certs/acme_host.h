/* acme_host: one host and its certificate: read from disk, ordered when it is time, kept.
 *
 * Knows no other host: what goes wrong with one is its own.
 */
#pragma once

#include "orchestrator/certs/acme_view.h"

struct acme_authority;
struct acme_files;
struct acme_host;
struct challenges;
struct config;
struct event_base;
struct tls_challenges;
struct worker;

enum acme_outcome { ACME_ISSUED, ACME_FAILED, ACME_OUTCOMES };

/* What all hosts have in common. */
struct acme_place {
	struct event_base *base;
	struct acme_files *files;
	struct challenges *challenges;
	struct tls_challenges *tls_challenges;
	struct acme_authority *authorities
	        [ACME_TURNS]; /* borrowed; NULL, or without a CA that can be asked: nothing is ordered there */
	const struct config *config;
	struct worker *lookups; /* for names; NULL: none are looked up */

	/* An order at this one is over: by then a new certificate is the host's, and a host whose order failed is not busy. The
	 * authority may be none of these any more, and is there for the call. */
	void (*ended)(const struct acme_authority *authority, enum acme_outcome outcome, void *arg);
	void *arg;
};

/* Reads what is on the disk. place is borrowed. */
struct acme_host *acme_host_new(const struct acme_place *place, const char *name);

/* Nothing is asked for it any more; what is being written still is. */
void acme_host_free(struct acme_host *host);

const char *acme_host_name(const struct acme_host *host);

/* NULL: there is none. */
struct certificate *acme_host_certificate(const struct acme_host *host);

/* Is an order under way? */
bool acme_host_is_busy(const struct acme_host *host);

/* Is it time for one, as far as this host is concerned? now_ms: Unix time, which may have been set back since the last call: what
 * is waited for then begins anew. */
bool acme_host_is_due(struct acme_host *host, int64_t now_ms);

/* Whose the order is that is under way, or else one that were made at that moment (Unix time, ms). */
enum acme_turn acme_host_turn(const struct acme_host *host, int64_t at_ms);

/* Where an order is under way; NULL: none is. */
const struct acme_authority *acme_host_authority(const struct acme_host *host);

/* When this CA (as acme_authority names it) is to be asked how long it is to be kept (Unix time, ms); INT64_MAX: not at all, as things
 * are. */
int64_t acme_host_ask_ms(const struct acme_host *host, const char *authority);

/* The CA was asked. window NULL: it has not said. again_s: how long until it is asked again. */
void acme_host_set_window(struct acme_host *host, const struct acme_window *window, int64_t again_s);

/* Not busy, and the authority whose turn it is can be asked: orders there, or takes up what was begun there. An order keeps its authority
 * until it ends; one that was begun at another one waits for that one's turn. */
void acme_host_order(struct acme_host *host, enum acme_turn turn);

/* The authorities may be others: what failed at others, and is not under way, is no reason to wait. */
void acme_host_meet(struct acme_host *host);

/* Asks nothing more: what was begun stays written down, to be taken up. */
void acme_host_stop(struct acme_host *host);

/* An operator wants one, whatever the time is. */
void acme_host_ask(struct acme_host *host);

/* What was not written for want of room or right is tried again. */
void acme_host_write_again(struct acme_host *host);

struct acme_view acme_host_view(const struct acme_host *host);
